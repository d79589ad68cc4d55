// A stage has its own quantities, hyperparameters and axes: those are drawn anew. The rest is bound.

const entry = ({ name, shown }) => {
  const div = document.createElement("div");
  const term = document.createElement("dt");
  const value = document.createElement("dd");
  term.textContent = name;
  value.textContent = shown;
  div.append(term, value);
  return div;
};

const fillList = (widget, list, entries) =>
  widget.querySelector(`[data-list="${list}"]`).replaceChildren(...entries.map(entry));

const headTable = (widget, { xaxis, yaxis, yaxis2 }) => {
  const [, x, y] = widget.querySelectorAll('[data-table="figure"] thead th');
  x.textContent = xaxis.title.text;
  y.textContent = [yaxis, yaxis2].filter(Boolean).map((axis) => axis.title.text).join(" / ");
};

export default {
  draw(widget, result) {
    result.networks.forEach((network, i) => {
      widget.querySelector(`[data-network="${i}"]`).dataset.state = network.state;
    });
    fillList(widget, "quantities", result.quantities);
    fillList(widget, "hyperparameters", result.hyperparameters);
    headTable(widget, result.figure.layout);
    widget.plot("figure", result.figure);
  },
};
