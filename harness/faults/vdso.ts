/**
 * The page of code that the kernel gives every process for reading the clock (vDSO). Programs in Go, Java and C all read
 * it there, without a call of the kernel, so a process whose page has been changed is the only one to see another time.
 * The page is private once it is written to; children that start another program get a new one.
 */

/** Bytes to be written into a process's page, at an offset in it. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface ClockPatches {
  /** New code first, then the jumps to it. */
  readonly apply: readonly Patch[];
  /** What was where the jumps are. The new code stays: a thread may be in it. */
  readonly undo: readonly Patch[];
}

/** What reads the wall clock, by the name in the page's symbol table. */
const CODE = {
  // mov eax, 228 (clock_gettime); syscall; test edi, edi (CLOCK_REALTIME); jne end; add qword [rsi], seconds; end: ret
  __vdso_clock_gettime: { before: 'b8e40000000f0585ff7507488106', after: 'c3' },
  // mov eax, 96 (gettimeofday); syscall; test rdi, rdi; je end; add qword [rdi], seconds; end: ret
  __vdso_gettimeofday: { before: 'b8600000000f054885ff7407488107', after: 'c3' },
  // mov eax, 201 (time); syscall; add rax, seconds; test rdi, rdi; je end; mov [rdi], rax; end: ret
  __vdso_time: { before: 'b8c90000000f054805', after: '4885ff7403488907c3' },
} as const;

/** Length of a jump to an address relative to its own end. */
const JUMP_LENGTH = 5;
const JUMP = 0xe9;

/** ELF64: places in its header, in program headers and in the dynamic section (elf.h). */
const ELF64 = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const PT_DYNAMIC = 2;
const DT = { strtab: 5, symtab: 6 } as const;
const SYMBOL_SIZE = 24;

/**
 * What makes an x86-64 process see the wall clock ahead of the kernel's, or behind it. The monotonic clock, by which
 * programs count time-outs, stays as it is.
 *
 * @param page as the process has it in memory
 * @param seconds whole; negative for behind
 * @throws Error when the page is none that can be changed, or has been changed already
 */
export function clockPatches(page: Buffer, seconds: number): ClockPatches {
  const functions = functionsOf(page);
  let free = freeFrom(page);
  const apply: Patch[] = [];
  const undo: Patch[] = [];
  const jumps: Patch[] = [];
  for (const [name, { before, after }] of Object.entries(CODE)) {
    const offset = functions.get(name);
    if (offset === undefined) throw new Error(`vDSO: expected a function ${name}, seen none`);
    const original = page.subarray(offset, offset + JUMP_LENGTH);
    if (original[0] === JUMP) throw new Error('vDSO: the clock of this process is skewed already');
    const amount = Buffer.alloc(4);
    amount.writeInt32LE(seconds);
    const bytes = Buffer.concat([Buffer.from(before, 'hex'), amount, Buffer.from(after, 'hex')]);
    if (free + bytes.length > page.length)
      throw new Error('vDSO: expected room for code, seen none');
    apply.push({ offset: free, bytes });
    const jump = Buffer.from([JUMP, 0, 0, 0, 0]);
    jump.writeInt32LE(free - offset - JUMP_LENGTH, 1);
    jumps.push({ offset, bytes: jump });
    undo.push({ offset, bytes: Buffer.from(original) });
    free += bytes.length;
  }
  return { apply: [...apply, ...jumps], undo };
}

/** Where the zeros at the end begin, rounded up to where code may begin. */
function freeFrom(page: Buffer): number {
  const used = page.findLastIndex((byte) => byte !== 0) + 1;
  return Math.ceil(used / 16) * 16;
}

/** Offsets of functions by name. The page is an ELF image whose addresses are its offsets. */
function functionsOf(page: Buffer): ReadonlyMap<string, number> {
  if (!page.subarray(0, ELF64.length).equals(ELF64)) throw new Error('vDSO: expected ELF64');
  const dynamic = dynamicSection(page);
  const [symbols, names] = [dynamic.get(DT.symtab), dynamic.get(DT.strtab)];
  if (symbols === undefined || names === undefined || symbols > names) {
    throw new Error('vDSO: expected symbols and, after them, their names');
  }
  const found = new Map<string, number>();
  for (let at = symbols; at + SYMBOL_SIZE <= names; at += SYMBOL_SIZE) {
    const from = names + page.readUInt32LE(at);
    const name = page.toString('latin1', from, page.indexOf(0, from));
    found.set(name, Number(page.readBigUInt64LE(at + 8)));
  }
  return found;
}

function dynamicSection(page: Buffer): ReadonlyMap<number, number> {
  const number = (at: number) => Number(page.readBigUInt64LE(at));
  const [first, size, count] = [number(32), page.readUInt16LE(54), page.readUInt16LE(56)];
  const entries = new Map<number, number>();
  for (let header = first; header < first + count * size; header += size) {
    if (page.readUInt32LE(header) !== PT_DYNAMIC) continue;
    const [offset, length] = [number(header + 8), number(header + 32)];
    for (let at = offset; at < offset + length; at += 16) entries.set(number(at), number(at + 8));
  }
  return entries;
}
