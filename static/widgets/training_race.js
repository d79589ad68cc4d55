import { trained } from "../trained_figure.js";

export default trained({
  unit: "legs",
  total: ({ result }) => result.dpo_last.leg,
  done: ({ leg }) => leg,
});
