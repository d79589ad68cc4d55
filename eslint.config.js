import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  "consistent-return": "error",
  curly: ["error", "multi-line"],
  eqeqeq: "error",
  "no-else-return": "error",
  "no-shadow": "error",
  "no-implicit-globals": "error",
  "no-throw-literal": "error",
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-arrow-callback": "error",
  "prefer-const": "error",
};

export default [
  { ignores: ["static/vendor/", "static/built/", "dist/", "build/", ".venv/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  { files: ["static/**/*.js"], rules, languageOptions: { globals: globals.browser } },
  { files: ["static/{embed,scorm,theme}.js"], languageOptions: { sourceType: "script" } },
  { files: ["tests/js/*.js", "tools/*.mjs", "*.js"], rules, languageOptions: { globals: globals.node } },
];
