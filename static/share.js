// Snippets that embed a widget in its present state, in a dialog.
import { part } from "./copyable.js";
import { fetched, showDialog } from "./dialog.js";
import { element, parent } from "./dom.js";

// The same as templates/pages/embed_parts.html, for pages without JavaScript.
const PARTS = {
  link: "Link to this state",
  iframe: "Frame, for any page",
  script: "Script and tag, which grow with their content",
  notebook: "Jupyter notebook",
  quarto: "Quarto",
  myst: "MyST",
  reveal: "Slide for reveal.js",
};

/** Open the snippets of a widget in its present state, with the flags of its page.
 *  @type {(widget: Widget) => Promise<void>} */
export const showShare = (widget) => {
  const query = widget.pageQuery();
  const more = parent("p", [element("a", "Hide or lock controls, choose the theme", { href: widget.dataset.embed + query.replace("?", "&") })]);
  const load = async () => {
    const embed = await fetched(widget.dataset.embeds + query);
    return Object.entries(PARTS).map(([key, title]) => part(title, embed[key], { "data-share": key }));
  };
  return showDialog("Share", [more], load, "There are no snippets");
};
