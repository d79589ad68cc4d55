// The receipt of a widget in a dialog: the request, a line for the shell, and Python that computes the numbers again.
import { part } from "./copyable.js";
import { fetched, showDialog } from "./dialog.js";
import { element } from "./dom.js";
import { at } from "./format.js";

/** @type {(value: any) => boolean} */
const isFigure = (value) => Boolean(value?.data && value?.layout);

/** @type {(result: Result) => Result} */
const withoutFigures = (result) => Object.fromEntries(Object.entries(result).filter(([name, value]) => name !== "scene" && !isFigure(value)));

/** Open the receipt of a widget in its present state; `path` is that of the selected number.
 *  @type {(widget: Widget, path?: string) => Promise<void>} */
export const showReceipt = (widget, path) => {
  const asked = path ? [element("p", `${path} = ${at(widget.result, path)}`, { class: "receipt-number" })] : [];
  const query = widget.params().toString();
  if (widget.computedHere) {
    asked.push(element("p", "The numbers shown were computed in your browser, with the same algorithms and random draws as on the server, whose numbers the request gives. The two differ by rounding, which can grow in long PPO runs.", { class: "receipt-note" }));
  }
  const load = async () => {
    const receipt = await fetched(`${widget.dataset.receipt}${query && `?${query}`}`);
    return [
      part("The request", receipt.url, { "data-receipt": "url" }),
      part("For the shell", receipt.curl, { "data-receipt": "curl" }),
      ...(receipt.snippet ? [part("By torch, without our code", receipt.snippet, { "data-receipt": "snippet" })] : []),
      part("The answer, figures left out", JSON.stringify(withoutFigures(widget.result), null, 1), { "data-receipt": "json" }),
    ];
  };
  return showDialog("Receipt", asked, load, "There is no receipt");
};
