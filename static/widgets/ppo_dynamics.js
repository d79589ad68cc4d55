import { trained } from "../trained_figure.js";

export default trained({
  unit: "iterations",
  total: ({ form }) => Number(form.elements.iterations.value),
  done: ({ iteration }) => iteration,
});
