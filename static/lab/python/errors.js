// Python's exceptions: types that are called, raised and caught.

/** @typedef {((...args: any[]) => any) & { type: any, isType: (value: any) => boolean, begin?: any, params?: string[] }} ErrorType */

export class PythonError extends Error {
  /** @param {...any} args */
  constructor(...args) {
    super(String(args[0] ?? ""));
    this.args = args;
  }
}

/** A type of exceptions; one with an initializer is made by it.
 *  @type {(name: string, base?: ErrorType | null, begin?: any, methods?: any) => ErrorType} */
export const exception = (name, base = null, own = null, methods = {}) => {
  const begin = own ?? base?.begin ?? null;
  const Type = /** @type {any} */ ({ [name]: class extends (base?.type ?? PythonError) {} })[name];
  Object.assign(Type.prototype, methods, { name });
  const make = (/** @type {any[]} */ ...args) => {
    if (!begin) return new Type(...args);
    const made = new Type();
    begin.apply(made, args);
    return made;
  };
  return Object.assign(make, { type: Type, isType: (/** @type {any} */ value) => value instanceof Type, begin, params: begin?.params });
};

export const ValueError = exception("ValueError");
export const KeyError = exception("KeyError");
export const TypeError = exception("TypeError");
export const OverflowError = exception("OverflowError");
export const UnicodeDecodeError = exception("UnicodeDecodeError", ValueError);
/** JavaScript has an error of its own for calls, or a regular expression, that go too deep. */
export const RecursionError = Object.assign((text = "") => new RangeError(text), {
  type: RangeError,
  isType: (/** @type {any} */ value) => value instanceof RangeError,
});

/** An error that no compiled code catches. @type {(name: string, text?: string) => Error} */
export const failure = (name, text = "") => Object.assign(new Error(text), { name });

/** Whether an error is of a type, or of one of several. @type {(error: any, types: any) => boolean} */
export const caught = (error, types) => [types].flat().some((type) => type.isType(error));
