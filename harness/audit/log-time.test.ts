import { logTime } from './log-time.ts';

const at = (time: string) => Date.parse(`2026-11-24T${time}Z`);

describe('logTime', () => {
  it.each([
    ['Fabric', '2026-11-24T17:49:01.027Z INFO [blkstorage] newBlockfileMgr', '17:49:01.027'],
    ['Fabric as shipped', '2026-11-24 17:49:01.027 UTC 0001 INFO [x] y', '17:49:01.027'],
    ['Kafka and ZooKeeper', '[2026-11-24 17:49:01,203] INFO [LogLoader x]', '17:49:01.203'],
    ['the CAs', '2026/11/24 17:49:12 [INFO] 10.214.0.28:41680 POST', '17:49:12'],
    ['FerretDB', '2026-11-24T17:58:20.757Z\tINFO\tclientconn/listener.go', '17:58:20.757'],
    ['MongoDB', '{"t":{"$date":"2026-11-24T19:58:20.757+02:00"},"s":"I"}', '17:58:20.757'],
    ['the REST API', `{"level":50,"time":${at('17:49:12.5')},"msg":"x"}`, '17:49:12.5'],
  ])('reads the times of %s', (_, line, time) => {
    expect(logTime(line)).toBeCloseTo(at(time), 3);
  });

  it.each([
    'goroutine 117 [running]:',
    '',
    '2026-99-99 17:49:01 x',
    `${'x'.repeat(120)} 2026/11/24 17:49:12`,
  ])('finds none in %p', (line) => {
    expect(logTime(line)).toBeUndefined();
  });
});
