/**
 * A function of a packet's bits as a node of a reduced, ordered, multi-terminal decision diagram (Bryant 1986; Fujita,
 * McGeer and Yang 1997). Equal functions are the same node. Leaves are negative: `leaf(0)` is -1, and stands for
 * "not in the set", or "nothing has decided".
 */
export type Node = number;

/** The leaf that stands for nothing: a set without members, rules of which none matches. */
export const none: Node = -1;
/** The leaf of a set's members. */
export const all: Node = -2;

/**
 * One number for two nodes, exactly: as long as there are fewer than 2^26 of nodes and of leaves, which no budget allows.
 */
export function pairOf(left: Node, right: Node): number {
  return left * 2 ** 27 + right + 2 ** 26;
}

export function leaf(value: number): Node {
  return ~value;
}

/** Thrown when a diagram grows over its budget; whoever asked a question catches it and answers "undecided". */
export class OverBudget extends Error {
  readonly nodes: number;

  constructor(nodes: number) {
    super(`the answer needs a diagram of more than ${nodes.toLocaleString('en')} nodes`);
    this.nodes = nodes;
  }
}

/** Stands below every level, where leaves are. */
export const bottom = 0xffff;

/** Some 400 MB of nodes and of what finds them. */
const defaultBudget = 1 << 23;
const stepsEach = 16;
const firstCapacity = 1 << 14;
const largestCache = 1 << 20;

/**
 * The store of all nodes of one analysis. Levels count from 0 at the top; at each, `lo` is followed where the bit is 0.
 *
 * Operations on sets and on functions are the same ones: `first` is the union of sets, `mask` the intersection.
 * Memory grows to some 32 bytes a node; nothing is freed before the whole diagram is.
 */
export class Diagram {
  readonly #budget: number;
  /** Nodes, for the time of one question. */
  #limit = Number.POSITIVE_INFINITY;
  #stepsLeft: number;
  /** Steps that one question must leave to others. */
  #stepsKept = 0;
  #used = 0;
  #levels = new Uint16Array(0);
  #lows = new Int32Array(0);
  #highs = new Int32Array(0);
  /** Open addressing: node + 1, or 0. */
  #table = new Int32Array(0);
  /** Direct-mapped: operation and operands, then the result. */
  #cache = new Int32Array(0);
  #operations = 0;
  readonly #idle: Memory[] = [];

  /**
   * @param budget nodes, and so many more steps of operations that a question may not take for ever.
   * @param expected nodes that there will be at least; growing to them step by step would cost more.
   */
  constructor(budget = defaultBudget, expected = 0) {
    this.#budget = budget;
    this.#stepsLeft = budget * stepsEach;
    let capacity = firstCapacity;
    while (capacity < expected && capacity < budget) capacity *= 2;
    this.#enlarge(capacity);
  }

  /** Nodes made so far. */
  get size(): number {
    return this.#used;
  }

  /** The answer, if it takes no more than so many new nodes; `null` if it does. What was made for it stays. */
  attempt<T>(nodes: number, ask: () => T): T | null {
    const before = this.#limit;
    const limit = Math.min(before, this.#used + nodes);
    this.#limit = limit;
    try {
      return ask();
    } catch (error) {
      if (error instanceof OverBudget && error.nodes === limit && limit < before) return null;
      throw error;
    } finally {
      this.#limit = before;
    }
  }

  /**
   * The answer, if it takes no more than a share (0 to 1) of the nodes and steps that are left: what goes over it leaves
   * something to ask other questions with.
   *
   * @throws OverBudget
   */
  within<T>(share: number, ask: () => T): T {
    const [limit, kept] = [this.#limit, this.#stepsKept];
    this.#limit = Math.min(limit, this.#used + Math.floor((this.#budget - this.#used) * share));
    this.#stepsKept = Math.max(kept, Math.ceil(this.#stepsLeft * (1 - share)));
    try {
      return ask();
    } finally {
      this.#limit = limit;
      this.#stepsKept = kept;
    }
  }

  level(node: Node): number {
    return node < 0 ? bottom : (this.#levels[node] as number);
  }

  lo(node: Node): Node {
    return this.#lows[node] as Node;
  }

  hi(node: Node): Node {
    return this.#highs[node] as Node;
  }

  /** The node that tests the bit of a level; both children lie below it. */
  make(level: number, lo: Node, hi: Node): Node {
    if (lo === hi) return lo;
    const table = this.#table;
    const bound = table.length - 1;
    let slot = hash(level, lo, hi) & bound;
    for (;;) {
      const entry = table[slot] as number;
      if (entry === 0) break;
      const node = entry - 1;
      if (this.#lows[node] === lo && this.#highs[node] === hi && this.#levels[node] === level) return node;
      slot = (slot + 1) & bound;
    }
    const node = this.#used;
    if (node === this.#levels.length) {
      this.#grow();
      return this.make(level, lo, hi);
    }
    this.#levels[node] = level;
    this.#lows[node] = lo;
    this.#highs[node] = hi;
    table[slot] = node + 1;
    this.#used = node + 1;
    if (node >= this.#limit) throw new OverBudget(this.#limit);
    return node;
  }

  /** `f` where it has decided, else `g`; of sets the union. */
  first(f: Node, g: Node): Node {
    if (f === none || f === g) return g;
    if (f < 0 || g === none) return f;
    const entry = this.#entry(1, f, g);
    const cached = this.#found(entry, 1, f, g);
    if (cached !== undefined) return cached;
    const [levelF, levelG] = [this.#levels[f] as number, this.level(g)];
    const level = levelF < levelG ? levelF : levelG;
    const lo = this.first(levelF === level ? this.lo(f) : f, levelG === level ? this.lo(g) : g);
    const hi = this.first(levelF === level ? this.hi(f) : f, levelG === level ? this.hi(g) : g);
    return this.#keep(1, f, g, this.make(level, lo, hi));
  }

  /** `f` inside the set, `none` outside; of sets the intersection. */
  mask(set: Node, f: Node): Node {
    if (set === none || f === none) return none;
    if (set === all || set === f) return f;
    const entry = this.#entry(2, set, f);
    const cached = this.#found(entry, 2, set, f);
    if (cached !== undefined) return cached;
    const [levelS, levelF] = [this.#levels[set] as number, this.level(f)];
    const level = levelS < levelF ? levelS : levelF;
    const lo = this.mask(levelS === level ? this.lo(set) : set, levelF === level ? this.lo(f) : f);
    const hi = this.mask(levelS === level ? this.hi(set) : set, levelF === level ? this.hi(f) : f);
    return this.#keep(2, set, f, this.make(level, lo, hi));
  }

  /** `f` outside the set, `none` inside; of sets the difference. */
  without(f: Node, set: Node): Node {
    if (set === none || f === none) return f;
    if (set === all || set === f) return none;
    const entry = this.#entry(3, f, set);
    const cached = this.#found(entry, 3, f, set);
    if (cached !== undefined) return cached;
    const [levelF, levelS] = [this.level(f), this.#levels[set] as number];
    const level = levelS < levelF ? levelS : levelF;
    const lo = this.without(levelF === level ? this.lo(f) : f, levelS === level ? this.lo(set) : set);
    const hi = this.without(levelF === level ? this.hi(f) : f, levelS === level ? this.hi(set) : set);
    return this.#keep(3, f, set, this.make(level, lo, hi));
  }

  not(set: Node): Node {
    return this.without(all, set);
  }

  /** `f` inside the set, `g` outside. */
  choose(set: Node, f: Node, g: Node): Node {
    if (f === g || set === all) return f;
    if (set === none) return g;
    // Two cached operations of two operands: most choices have a leaf on one side.
    return this.first(this.mask(set, f), this.without(g, set));
  }

  /** `f` with each leaf replaced by another leaf. */
  mapLeaves(f: Node, replace: (value: number) => Node): Node {
    const replaced = new Map<Node, Node>();
    const ofLeaf = (node: Node): Node => {
      const before = replaced.get(node);
      if (before !== undefined) return before;
      const made = replace(~node);
      replaced.set(node, made);
      return made;
    };
    if (f < 0) return ofLeaf(f);
    const memory = this.#borrow();
    const visit = (node: Node): Node => {
      if (node < 0) return ofLeaf(node);
      if (memory.stamps[node] === memory.stamp) return memory.values[node] as Node;
      const made = this.make(this.#levels[node] as number, visit(this.#lows[node] as Node), visit(this.#highs[node] as Node));
      memory.stamps[node] = memory.stamp;
      memory.values[node] = made;
      return made;
    };
    const made = visit(f);
    this.#idle.push(memory);
    return made;
  }

  /** `f` as a set: the members are where the leaf's value passes. */
  where(f: Node, passes: (value: number) => boolean): Node {
    return this.mapLeaves(f, (value) => (passes(value) ? all : none));
  }

  /**
   * Calls with each leaf value of `f` that is met inside the set, once, until one is enough. What lies under a node all of
   * whose leaves have been met is not gone through again, so that nothing need be built to know.
   */
  meet(set: Node, f: Node, isEnough: (value: number) => boolean): void {
    const done = this.#borrow();
    const pairs = new Set<number>();
    const leaves = new Set<Node>();
    let ended = false;
    const arrive = (node: Node): true => {
      if (!leaves.has(node)) {
        leaves.add(node);
        if (isEnough(~node)) ended = true;
      }
      return true;
    };
    const every = (node: Node): true => {
      if (node < 0) return arrive(node);
      if (ended || done.stamps[node] === done.stamp) return true;
      done.stamps[node] = done.stamp;
      every(this.#lows[node] as Node);
      return every(this.#highs[node] as Node);
    };
    const isDone = (node: Node): boolean => (node < 0 ? leaves.has(node) : done.stamps[node] === done.stamp);
    /** Whether every leaf of the node has been met by now. */
    const visit = (inside: Node, node: Node): boolean => {
      if (inside === none) return isDone(node);
      if (ended || isDone(node)) return true;
      if (inside === all || node < 0) return every(node);
      const key = pairOf(inside, node);
      if (pairs.has(key)) return false;
      const [levelS, levelF] = [this.#levels[inside] as number, this.#levels[node] as number];
      let whole: boolean;
      if (levelS < levelF) {
        const low = visit(this.#lows[inside] as Node, node);
        whole = visit(this.#highs[inside] as Node, node) || low;
      } else {
        const low = visit(levelS === levelF ? (this.#lows[inside] as Node) : inside, this.#lows[node] as Node);
        const high = visit(levelS === levelF ? (this.#highs[inside] as Node) : inside, this.#highs[node] as Node);
        whole = low && high;
      }
      if (whole) done.stamps[node] = done.stamp;
      else pairs.add(key);
      return whole;
    };
    visit(set, f);
    this.#idle.push(done);
  }

  /** Every leaf value of `f`. */
  leaves(f: Node): Set<number> {
    const values = new Set<number>();
    this.visit(f, (node) => {
      if (node < 0) values.add(~node);
      return true;
    });
    return values;
  }

  /** Calls once for each node of `f`, leaves too, parents before children; false leaves a node's children out. */
  visit(f: Node, enter: (node: Node) => boolean): void {
    const memory = this.#borrow();
    const leaves = new Set<Node>();
    const open: Node[] = [f];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node < 0) {
        if (leaves.has(node)) continue;
        leaves.add(node);
        enter(node);
        continue;
      }
      if (memory.stamps[node] === memory.stamp) continue;
      memory.stamps[node] = memory.stamp;
      if (enter(node)) open.push(this.#highs[node] as Node, this.#lows[node] as Node);
    }
    this.#idle.push(memory);
  }

  /** Nodes of `f`, leaves left out. */
  count(f: Node): number {
    let count = 0;
    this.visit(f, (node) => {
      if (node >= 0) count += 1;
      return true;
    });
    return count;
  }

  /** A new number for a cached operation of a caller's own. */
  operation(): number {
    this.#operations += 1;
    return 16 + this.#operations;
  }

  /** What {@link remember} was told of an operation's operands, unless it has been forgotten since. */
  recall(operation: number, left: number, right: number): Node | undefined {
    return this.#found(this.#entry(operation, left, right), operation, left, right);
  }

  remember(operation: number, left: number, right: number, result: Node): Node {
    return this.#keep(operation, left, right, result);
  }

  #entry(operation: number, left: number, right: number): number {
    return (hash(operation, left, right) & ((this.#cache.length >> 2) - 1)) << 2;
  }

  #found(entry: number, operation: number, left: number, right: number): Node | undefined {
    const cache = this.#cache;
    return cache[entry] === left && cache[entry + 1] === right && cache[entry + 2] === operation ? cache[entry + 3] : undefined;
  }

  #keep(operation: number, left: number, right: number, result: Node): Node {
    this.#stepsLeft -= 1;
    if (this.#stepsLeft < this.#stepsKept) throw new OverBudget(this.#budget);
    const cache = this.#cache;
    // The table may have grown meanwhile.
    const entry = this.#entry(operation, left, right);
    cache[entry] = left;
    cache[entry + 1] = right;
    cache[entry + 2] = operation;
    cache[entry + 3] = result;
    return result;
  }

  /** A memory by node; whoever borrows one gives it back. */
  #borrow(): Memory {
    const memory = this.#idle.pop() ?? { stamps: new Int32Array(0), values: new Int32Array(0), stamp: 0 };
    if (memory.stamps.length < this.#used) {
      memory.stamps = new Int32Array(this.#levels.length);
      memory.values = new Int32Array(this.#levels.length);
      memory.stamp = 0;
    }
    memory.stamp += 1;
    return memory;
  }

  #grow(): void {
    if (this.#used >= this.#budget) throw new OverBudget(this.#budget);
    this.#enlarge(this.#levels.length * 2);
  }

  #enlarge(capacity: number): void {
    this.#levels = enlarged(this.#levels, new Uint16Array(capacity));
    this.#lows = enlarged(this.#lows, new Int32Array(capacity));
    this.#highs = enlarged(this.#highs, new Int32Array(capacity));
    const table = new Int32Array(capacity * 2);
    const bound = table.length - 1;
    for (let node = 0; node < this.#used; node += 1) {
      let slot = hash(this.#levels[node] as number, this.#lows[node] as number, this.#highs[node] as number) & bound;
      while (table[slot] !== 0) slot = (slot + 1) & bound;
      table[slot] = node + 1;
    }
    this.#table = table;
    const entries = Math.min(capacity, largestCache);
    if (entries * 4 > this.#cache.length) this.#cache = new Int32Array(entries * 4);
  }
}

/** Results by node: those whose stamp is the present one. */
interface Memory {
  stamps: Int32Array;
  values: Int32Array;
  stamp: number;
}

function enlarged<T extends Uint16Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function hash(a: number, b: number, c: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
