/** @type {WidgetModule} */
export default {
  draw(widget, result) {
    widget.plot("figure", result.figure);
  },
};
