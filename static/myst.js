// For MyST's {anywidget} directive, whose body is the model: a widget in a frame that grows with its content.
// MyST copies this file into the site that it makes, so nothing is imported.
export default {
  /** @param {{ model: { get: (name: string) => any }, el: HTMLElement }} given */
  render({ model, el }) {
    const frame = document.createElement("iframe");
    frame.src = model.get("src");
    frame.title = model.get("title");
    frame.width = "100%";
    frame.height = String(model.get("height"));
    frame.allow = "clipboard-write";
    frame.style.border = "0";
    frame.style.display = "block";
    const heard = (/** @type {MessageEvent} */ { source, data }) => {
      if (source !== frame.contentWindow || data?.type !== "dpo-explained:height" || !(data.height > 0)) return;
      frame.height = String(Math.ceil(data.height));
    };
    addEventListener("message", heard);
    el.append(frame);
    return () => removeEventListener("message", heard);
  },
};
