/** @type {WidgetModule} */
export default {
  draw(widget, result) {
    widget.plot("run", result.run);
    widget.plot("figure", result.figure);
  },
};
