import { traceText } from './buildkit-trace.ts';

// Messages of a real build of "RUN echo hello; echo 42 >&2; exit 3", as an engine sent them.
const OUTPUT =
  'GmEKR3NoYTI1NjplNTE1Y2Q3NmZiNDk0NjAyYzI4Yzk4OTkyOGQ1ZjFiODllNDkzNGFkNzExNGI1MTM3NjUyYjg0MWJiMzkwMWM1' +
  'EgwIvdSs2AYQrtOv3wIYASIGaGVsbG8K';
const FAILURE =
  'CrsCCkdzaGEyNTY6ZTUxNWNkNzZmYjQ5NDYwMmMyOGM5ODk5MjhkNWYxYjg5ZTQ5MzRhZDcxMTRiNTEzNzY1MmI4NDFiYjM5MDFj' +
  'NRJHc2hhMjU2OjFhMmFhY2JiZmU1N2FhZTFmZTYzYzNkZWY1NDVjMTM2NzBkYzM0NDhmMGFkZWE3YmQzZjYzMjI2MGQ5YjFkNjQa' +
  'KVsyLzJdIFJVTiBlY2hvIGhlbGxvOyBlY2hvIDQyID4mMjsgZXhpdCAzKgwIvdSs2AYQj7yZsgIyDAi91KzYBhCGzLHmAjpgcHJv' +
  'Y2VzcyAiL2Jpbi9zaCAtYyBlY2hvIGhlbGxvOyBlY2hvIDQyID4mMjsgZXhpdCAzIiBkaWQgbm90IGNvbXBsZXRlIHN1Y2Nlc3Nm' +
  'dWxseTogZXhpdCBjb2RlOiAz';
const STARTS =
  'CqIBCkdzaGEyNTY6MWEyYWFjYmJmZTU3YWFlMWZlNjNjM2RlZjU0NWMxMzY3MGRjMzQ0OGYwYWRlYTdiZDNmNjMyMjYwZDliMWQ2' +
  'NBo7WzEvMl0gRlJPTSBkb2NrZXIuaW8vZmFicmljLXN3YXJtLWhhcm5lc3MvYmFzZTozNDQ3MWNjYWRhYWQqDAi91KzYBhCPk4Oy' +
  'AjIMCL3UrNgGEJOhirICCqQBCkdzaGEyNTY6MWEyYWFjYmJmZTU3YWFlMWZlNjNjM2RlZjU0NWMxMzY3MGRjMzQ0OGYwYWRlYTdi' +
  'ZDNmNjMyMjYwZDliMWQ2NBo7WzEvMl0gRlJPTSBkb2NrZXIuaW8vZmFicmljLXN3YXJtLWhhcm5lc3MvYmFzZTozNDQ3MWNjYWRh' +
  'YWQgASoMCL3UrNgGEOeck7ICMgwIvdSs2AYQ3u+TsgIKywEKR3NoYTI1NjplNTE1Y2Q3NmZiNDk0NjAyYzI4Yzk4OTkyOGQ1ZjFi' +
  'ODllNDkzNGFkNzExNGI1MTM3NjUyYjg0MWJiMzkwMWM1EkdzaGEyNTY6MWEyYWFjYmJmZTU3YWFlMWZlNjNjM2RlZjU0NWMxMzY3' +
  'MGRjMzQ0OGYwYWRlYTdiZDNmNjMyMjYwZDliMWQ2NBopWzIvMl0gUlVOIGVjaG8gaGVsbG87IGVjaG8gNDIgPiYyOyBleGl0IDMq' +
  'DAi91KzYBhCPvJmyAg==';

describe('traceText', () => {
  it('says which steps start and which came from the cache', () => {
    expect(traceText(STARTS)).toBe(
      '=> [1/2] FROM docker.io/fabric-swarm-harness/base:34471ccadaad (cached)\n' +
        '=> [2/2] RUN echo hello; echo 42 >&2; exit 3\n',
    );
  });

  it('passes on what a step prints', () => {
    expect(traceText(OUTPUT)).toBe('hello\n');
  });

  it('says which step failed, and how', () => {
    expect(traceText(FAILURE)).toBe(
      'ERROR in [2/2] RUN echo hello; echo 42 >&2; exit 3: process "/bin/sh -c echo hello; echo 42 >&2; exit 3" ' +
        'did not complete successfully: exit code: 3\n',
    );
  });

  it('is silent about nothing', () => {
    expect(traceText('')).toBe('');
  });
});
