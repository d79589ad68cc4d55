// Plotly, loaded when first needed.
import { script } from "./server.js";

/** @type {Promise<any> | null} */
let loading = null;

/** The library; a failed load is tried again. */
export const plotly = () => {
  // The UMD file sets window.Plotly.
  loading ??= script("vendor/plotly-basic.min.js").then(() => window.Plotly);
  loading.catch(() => {
    loading = null;
  });
  return loading;
};
