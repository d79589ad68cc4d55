// The page of snippets: a button at each.
import { addButtons } from "./copyable.js";

addButtons();
