// The trunk of app/lab/network/policy.py for one prompt: a transformer of one block, from prefixes to hidden states, and its
// gradient.
import { AttentionHead } from "./attention.js";
import { LayerNorm, Linear } from "./layers.js";
import { Matrix } from "./matrix.js";
import { LENGTH, PHRASES, PREFIXES, PROMPTS, SLOTS, TOKENS, TOKENS_OF } from "./world.js";

export const WIDTH = 32;
const HEADS = 2;
const HEAD_WIDTH = WIDTH / HEADS;
const HIDDEN = 4 * WIDTH;
const PHRASE_TOKENS = PROMPTS * SLOTS * PHRASES;

/** Sizes of the parameters, in the order of torch's named_parameters(). */
const SIZES = {
  tokens: (PHRASE_TOKENS + PROMPTS) * WIDTH,
  places: SLOTS * WIDTH,
  attentionNormWeight: WIDTH,
  attentionNormBias: WIDTH,
  queryKeyValueWeight: 3 * WIDTH * WIDTH,
  queryKeyValueBias: 3 * WIDTH,
  projectWeight: WIDTH * WIDTH,
  projectBias: WIDTH,
  mlpNormWeight: WIDTH,
  mlpNormBias: WIDTH,
  widenWeight: HIDDEN * WIDTH,
  widenBias: HIDDEN,
  narrowWeight: WIDTH * HIDDEN,
  narrowBias: WIDTH,
  finalNormWeight: WIDTH,
  finalNormBias: WIDTH,
};

/** Where each parameter begins. @type {Record<keyof typeof SIZES, number>} */
const AT = /** @type {any} */ ({});
let size = 0;
for (const [name, numbers] of Object.entries(SIZES)) {
  AT[/** @type {keyof typeof SIZES} */ (name)] = size;
  size += numbers;
}

/** How many numbers a trunk has. */
export const PARAMETERS = size;

/** The place of each token. */
const PLACE = Uint8Array.from({ length: TOKENS }, (_, token) => Math.floor((token + PHRASES - 1) / PHRASES));

export class Trunk {
  /** @param {ArrayLike<number>} weights in the order of ``SIZES``; they are copied @param {number} prompt
   *  @param {import("./arithmetic.js").Arithmetic} arithmetic */
  constructor(weights, prompt, arithmetic) {
    if (weights.length !== PARAMETERS) throw new RangeError(`weights: ${weights.length} numbers, expected ${PARAMETERS}`);
    this.prompt = prompt;
    this.kernels = arithmetic.kernels;
    this.weights = arithmetic.numbers(PARAMETERS);
    this.weights.set(weights);
    this.gradient = arithmetic.numbers(PARAMETERS);
    /** @type {(name: keyof typeof SIZES, rows: number, columns: number) => Matrix} */
    const parameter = (name, rows, columns) => new Matrix(this.weights, this.gradient, rows, columns, AT[name]);
    /** @type {(name: "attentionNorm" | "mlpNorm" | "finalNorm", rows: number) => LayerNorm} */
    const norm = (name, rows) =>
      new LayerNorm(arithmetic, parameter(`${name}Weight`, 1, WIDTH), parameter(`${name}Bias`, 1, WIDTH), rows);
    /** @type {(name: "queryKeyValue" | "widen" | "narrow", outputs: number, inputs: number) => Linear} */
    const linear = (name, outputs, inputs) =>
      new Linear(arithmetic, parameter(`${name}Weight`, outputs, inputs), parameter(`${name}Bias`, 1, outputs));

    this.attentionNorm = norm("attentionNorm", TOKENS);
    this.queryKeyValue = linear("queryKeyValue", 3 * WIDTH, WIDTH);
    this.mlpNorm = norm("mlpNorm", PREFIXES);
    this.widen = linear("widen", HIDDEN, WIDTH);
    this.narrow = linear("narrow", WIDTH, HIDDEN);
    this.finalNorm = norm("finalNorm", PREFIXES);
    // Of tokens: what goes into the residual stream, the same normalized, and queries, keys and values.
    this.embedded = arithmetic.matrix(TOKENS, WIDTH);
    this.attending = arithmetic.matrix(TOKENS, WIDTH);
    this.stacked = arithmetic.matrix(TOKENS, 3 * WIDTH);
    const project = parameter("projectWeight", WIDTH, WIDTH);
    this.projectBias = parameter("projectBias", 1, WIDTH);
    this.heads = Array.from({ length: HEADS }, (_, head) => {
      const [query, key, value] = [0, 1, 2].map((which) => this.stacked.part(which * WIDTH + head * HEAD_WIDTH, HEAD_WIDTH));
      return new AttentionHead(arithmetic, query, key, value, project.part(head * HEAD_WIDTH, HEAD_WIDTH), PREFIXES);
    });
    // Of prefixes, for as many as there are.
    this.count = 0;
    this.prefixes = new Uint16Array(PREFIXES);
    this.stream = arithmetic.matrix(PREFIXES, WIDTH);
    this.normed = arithmetic.matrix(PREFIXES, WIDTH);
    /** activated in place */
    this.wide = arithmetic.matrix(PREFIXES, HIDDEN);
    /** derivative of the activation */
    this.slope = arithmetic.numbers(PREFIXES * HIDDEN);
    this.hidden = arithmetic.matrix(PREFIXES, WIDTH);
  }

  /** The hidden state after each prefix, in rows; valid until the next call.
   *  @param {ArrayLike<number>} prefixes each once */
  forward(prefixes) {
    const { kernels, hidden, normed, slope, stream, wide } = this;
    const count = prefixes.length;
    this.prefixes.set(prefixes);
    this.count = count;
    this.readTokens();
    for (const head of this.heads) head.forward(this.prefixes, stream, count);
    this.mlpNorm.forward(stream, normed, count);
    wide.numbers.fill(0, 0, count * HIDDEN);
    this.widen.forward(normed, wide, count);
    kernels.gelu(wide.numbers, slope, count * HIDDEN);
    this.narrow.forward(wide, stream, count);
    this.finalNorm.forward(stream, hidden, count);
    return hidden;
  }

  /** Queries, keys and values of tokens, and the residual stream before attention. */
  readTokens() {
    const { attending, count, embedded, prefixes, stacked, stream, weights } = this;
    for (let token = 0; token < TOKENS; token++) {
      const row = AT.tokens + this.embedding(token) * WIDTH;
      const place = AT.places + PLACE[token] * WIDTH;
      for (let n = 0; n < WIDTH; n++) embedded.numbers[token * WIDTH + n] = weights[row + n] + weights[place + n];
    }
    this.attentionNorm.forward(embedded, attending, TOKENS);
    stacked.numbers.fill(0);
    this.queryKeyValue.forward(attending, stacked, TOKENS);
    for (let row = 0; row < count; row++) {
      const from = lastToken(prefixes[row]) * WIDTH;
      for (let n = 0; n < WIDTH; n++) stream.numbers[row * WIDTH + n] = embedded.numbers[from + n];
    }
    this.kernels.addToRows(this.projectBias, stream, count);
  }

  /** Which row of the embedding a token has. @param {number} token */
  embedding(token) {
    return token === 0 ? PHRASE_TOKENS + this.prompt : this.prompt * SLOTS * PHRASES + token - 1;
  }

  /** Sets ``gradient`` to that of a loss, from the gradient of ``hidden``. */
  backward() {
    const { count, hidden, kernels, normed, slope, stream, wide } = this;
    this.gradient.fill(0);
    stream.clearGradient(count);
    this.finalNorm.backward(stream, hidden, count);
    wide.clearGradient(count);
    this.narrow.backward(wide, stream, count);
    kernels.multiply(wide.gradient, slope, count * HIDDEN);
    normed.clearGradient(count);
    this.widen.backward(normed, wide, count);
    this.mlpNorm.backward(stream, normed, count);
    this.stacked.clearGradient();
    for (const head of this.heads) head.backward(this.prefixes, stream, count);
    this.backFromTokens();
  }

  backFromTokens() {
    const { attending, count, embedded, gradient, prefixes, stacked, stream } = this;
    embedded.clearGradient();
    for (let row = 0; row < count; row++) {
      const to = lastToken(prefixes[row]) * WIDTH;
      for (let n = 0; n < WIDTH; n++) embedded.gradient[to + n] += stream.gradient[row * WIDTH + n];
    }
    this.kernels.addToRowsBackward(this.projectBias, stream, count);
    attending.clearGradient();
    this.queryKeyValue.backward(attending, stacked, TOKENS);
    this.attentionNorm.backward(embedded, attending, TOKENS);
    for (let token = 0; token < TOKENS; token++) {
      const row = AT.tokens + this.embedding(token) * WIDTH;
      const place = AT.places + PLACE[token] * WIDTH;
      for (let n = 0; n < WIDTH; n++) {
        gradient[row + n] += embedded.gradient[token * WIDTH + n];
        gradient[place + n] += embedded.gradient[token * WIDTH + n];
      }
    }
  }
}

/** @param {number} prefix */
const lastToken = (prefix) => TOKENS_OF[prefix * SLOTS + LENGTH[prefix]];
