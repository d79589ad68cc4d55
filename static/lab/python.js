// What code compiled from Python needs (tools/to_javascript): Python's operators, functions, formats and methods.
export * from "./python/builtins.js";
export * from "./python/csv.js";
export * from "./python/errors.js";
export * from "./python/json.js";
export * from "./python/methods.js";
export * from "./python/modules.js";
export * from "./python/operators.js";
export * from "./python/re.js";
export * from "./python/texts.js";
export { torch } from "./python/torch.js";
export * from "./python/values.js";
export { named as function } from "./python/values.js";
