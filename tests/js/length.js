// Of a prompt of the lab {data}: the words of the reference, the labels of judges with {tastes}, and their optima at {beta}.
import { optimum, reference_words, tasted_labels } from "../../static/lab/named/length.js";
import { openLab } from "../../static/lab/named/trained.js";
import { answer, asked } from "./answer.js";

const { data, prompt, beta, tastes } = asked;
openLab(data);
answer({
  reference: reference_words(prompt),
  labels: tastes.map((taste) => tasted_labels(prompt, taste)),
  optima: tastes.map((taste) => optimum(prompt, beta, taste)),
});
