import { parentImages, wantsArgument, withoutSyntaxLine } from './dockerfile.ts';

const DOCKERFILE = `# syntax=docker/dockerfile:1
ARG GO_VERSION=1.26
ARG NODE_IMAGE
FROM --platform=linux/amd64 golang:\${GO_VERSION}-alpine AS builder
COPY . .
RUN <<END
FROM nothing:at-all
END
RUN --mount=type=bind,from=tools:1,target=/t \\
    make
FROM builder AS test
FROM $NODE_IMAGE
COPY --from=builder /a /b
COPY --from=0 /a /b
COPY --from=docker.io/library/busybox:1 /c /d
FROM scratch
`;

describe('a Dockerfile', () => {
  it('names the images that it stands on, with stage and line', () => {
    expect(parentImages(DOCKERFILE, { NODE_IMAGE: 'node:x' })).toEqual([
      { image: 'golang:1.26-alpine', where: 'stage "builder"', line: 4 },
      { image: 'tools:1', where: 'RUN', line: 9 },
      { image: 'node:x', where: 'stage 3', line: 12 },
      { image: 'docker.io/library/busybox:1', where: 'COPY', line: 15 },
    ]);
  });

  it('prefers what is given to a default, and knows what stands for a missing one', () => {
    const text = 'ARG V="1.2"\nFROM a:$V\nFROM b:$'.concat('{W:-3} as x\nFROM X');
    expect(parentImages(text, { V: '9' }).map(({ image }) => image)).toEqual(['a:9', 'b:3']);
  });

  it('says which arguments it declares before its first stage', () => {
    expect(wantsArgument(DOCKERFILE, 'NODE_IMAGE')).toBe(true);
    expect(wantsArgument(DOCKERFILE, 'NODE')).toBe(false);
    expect(wantsArgument('FROM x\nARG NODE_IMAGE', 'NODE_IMAGE')).toBe(false);
  });

  it('needs no frontend from a registry, unless it names another one', () => {
    expect(withoutSyntaxLine(DOCKERFILE)).not.toContain('docker/dockerfile');
    expect(withoutSyntaxLine('#syntax = docker/dockerfile:1.7\nFROM x')).toBe('#\nFROM x');
    const labs = '# syntax=docker/dockerfile:1-labs\nFROM x';
    expect(withoutSyntaxLine(labs)).toBe(labs);
  });
});
