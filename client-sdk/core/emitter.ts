/** Listeners by event name. A listener may come and go while an event is told; one that throws does not keep it from the others. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();
  readonly #onFault: (fault: unknown) => void;

  constructor(onFault: (fault: unknown) => void) {
    this.#onFault = onFault;
  }

  on<Name extends keyof Events>(name: Name, listener: (payload: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // A wrapper of its own lets the same function be registered twice and taken back once.
    const own = (payload: Events[Name]) => listener(payload);
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
    };
  }

  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    const listeners = this.#listeners.get(name);
    if (!listeners) return;
    for (const listener of Array.from(listeners)) {
      try {
        (listener as (payload: Events[Name]) => void)(payload);
      } catch (fault) {
        this.#onFault(fault);
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** True when somebody would hear it; for events that are costly to make. */
  has(name: keyof Events): boolean {
    return this.#listeners.has(name);
  }
}
