// Events: a native EventTarget whose events carry their subject in `detail`.

export class Emitter extends EventTarget {
  /** Tells the listeners of `type`. */
  emit(type, detail = undefined) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Like `addEventListener`, with `detail` as the argument; returns what removes it again. */
  on(type, listener) {
    const heard = (event) => listener(event.detail);
    this.addEventListener(type, heard);
    return () => this.removeEventListener(type, heard);
  }
}
