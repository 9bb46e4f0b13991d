/** What is biggest comes out first. */
export interface Heap<T> {
  add(item: T): void;
  first(): T | undefined;
  take(): T | undefined;
}

export function createHeap<T>(sizeOf: (item: T) => number): Heap<T> {
  const items: T[] = [];
  const size = (at: number): number => (at < items.length ? sizeOf(items[at] as T) : Number.NEGATIVE_INFINITY);
  const swap = (left: number, right: number): void => {
    [items[left], items[right]] = [items[right] as T, items[left] as T];
  };
  return {
    first: () => items[0],
    add(item) {
      items.push(item);
      for (let at = items.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (size(parent) >= size(at)) return;
        swap(parent, at);
        at = parent;
      }
    },
    take() {
      if (items.length < 2) return items.pop();
      const taken = items[0];
      items[0] = items.pop() as T;
      for (let at = 0; ; ) {
        const child = size(2 * at + 1) >= size(2 * at + 2) ? 2 * at + 1 : 2 * at + 2;
        if (size(child) <= size(at)) return taken;
        swap(child, at);
        at = child;
      }
    },
  };
}
