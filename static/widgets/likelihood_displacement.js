/** @type {WidgetModule} */
export default {
  draw(widget, result) {
    widget.plot("figure", result.figure);
    widget.plot("mass", result.mass);
  },
};
