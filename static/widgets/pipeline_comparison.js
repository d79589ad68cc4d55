import { trained } from "../trained_figure.js";

export default trained();
