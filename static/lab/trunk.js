// The trunk of app/lab/network/policy.py for one prompt: a transformer of one block, from prefixes to hidden states, and its
// gradient, in float64.
//
// As there is one block, queries, keys and values depend on a token and its place alone, and a token has one place:
// attention is worked out between the 25 tokens ("tables"), and looked up for prefixes.
import { normal, found } from "./gaussian.js";
import { LayerNorm, Linear } from "./layers.js";
import { LENGTH, PHRASES, PROMPTS, SLOTS, TOKENS, TOKENS_OF } from "./world.js";

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

/** What is kept of each of so many prefixes. @param {number} count */
const rowsFor = (count) => {
  const rows = (/** @type {number} */ each) => new Float64Array(count * each);
  return {
    prefixes: new Uint16Array(count),
    /** how much its tokens are attended to */
    attention: rows(HEADS * SLOTS),
    stream: rows(WIDTH),
    normed: rows(WIDTH),
    wide: rows(HIDDEN),
    activated: rows(HIDDEN),
    /** derivative of the activation */
    slope: rows(HIDDEN),
    hidden: rows(WIDTH),
  };
};

export class Trunk {
  /** @param {ArrayLike<number>} weights in the order of ``SIZES``; they are copied @param {number} prompt */
  constructor(weights, prompt) {
    if (weights.length !== PARAMETERS) throw new RangeError(`weights: ${weights.length} numbers, expected ${PARAMETERS}`);
    this.prompt = prompt;
    this.weights = Float64Array.from(weights);
    this.gradient = new Float64Array(PARAMETERS);
    this.attentionNorm = new LayerNorm(AT.attentionNormWeight, AT.attentionNormBias, WIDTH);
    this.queryKeyValue = new Linear(AT.queryKeyValueWeight, AT.queryKeyValueBias, WIDTH, 3 * WIDTH);
    this.mlpNorm = new LayerNorm(AT.mlpNormWeight, AT.mlpNormBias, WIDTH);
    this.widen = new Linear(AT.widenWeight, AT.widenBias, WIDTH, HIDDEN);
    this.narrow = new Linear(AT.narrowWeight, AT.narrowBias, HIDDEN, WIDTH);
    this.finalNorm = new LayerNorm(AT.finalNormWeight, AT.finalNormBias, WIDTH);
    const numbers = (/** @type {number} */ each) => new Float64Array(TOKENS * each);
    // Of tokens: what goes into the residual stream, the same normalized, queries with keys and values, scores for a
    // softmax of each last token (row) over each token, and values, projected for each head.
    this.embedded = numbers(WIDTH);
    this.attending = numbers(WIDTH);
    this.stacked = numbers(3 * WIDTH);
    this.scores = numbers(HEADS * TOKENS);
    this.values = numbers(HEADS * WIDTH);
    this.count = 0;
    this.rows = rowsFor(0);
  }

  /** The hidden state after each prefix, in rows; valid until the next call.
   *  @param {ArrayLike<number>} prefixes */
  forward(prefixes) {
    const count = prefixes.length;
    if (this.rows.prefixes.length < count) this.rows = rowsFor(count);
    this.count = count;
    const { weights } = this;
    const { stream, normed, wide, activated, slope, hidden } = this.rows;
    this.rows.prefixes.set(prefixes);
    this.readTokens();
    this.attend();
    this.mlpNorm.forward(weights, stream, normed, count);
    wide.fill(0, 0, count * HIDDEN);
    this.widen.forward(weights, normed, wide, count);
    for (let n = 0; n < count * HIDDEN; n++) {
      normal(wide[n]);
      activated[n] = wide[n] * found.distribution;
      slope[n] = found.distribution + wide[n] * found.density;
    }
    this.narrow.forward(weights, activated, stream, count);
    this.finalNorm.forward(weights, stream, hidden, count);
    return hidden.subarray(0, count * WIDTH);
  }

  /** Tables of the tokens. */
  readTokens() {
    const { weights, embedded, stacked, scores, values } = this;
    for (let token = 0; token < TOKENS; token++) {
      const row = AT.tokens + this.embedding(token) * WIDTH;
      const place = AT.places + PLACE[token] * WIDTH;
      for (let n = 0; n < WIDTH; n++) embedded[token * WIDTH + n] = weights[row + n] + weights[place + n];
    }
    this.attentionNorm.forward(weights, embedded, this.attending, TOKENS);
    stacked.fill(0);
    this.queryKeyValue.forward(weights, this.attending, stacked, TOKENS);
    for (let head = 0; head < HEADS; head++) {
      for (let token = 0; token < TOKENS; token++) {
        const query = token * 3 * WIDTH + head * HEAD_WIDTH;
        for (let other = 0; other < TOKENS; other++) {
          const key = other * 3 * WIDTH + WIDTH + head * HEAD_WIDTH;
          let sum = 0;
          for (let n = 0; n < HEAD_WIDTH; n++) sum += stacked[query + n] * stacked[key + n];
          scores[(head * TOKENS + token) * TOKENS + other] = sum / Math.sqrt(HEAD_WIDTH);
        }
        const value = query + 2 * WIDTH;
        for (let output = 0; output < WIDTH; output++) {
          const project = AT.projectWeight + output * WIDTH + head * HEAD_WIDTH;
          let sum = 0;
          for (let n = 0; n < HEAD_WIDTH; n++) sum += weights[project + n] * stacked[value + n];
          values[(head * TOKENS + token) * WIDTH + output] = sum;
        }
      }
    }
  }

  /** Which row of the embedding a token has. @param {number} token */
  embedding(token) {
    return token === 0 ? PHRASE_TOKENS + this.prompt : this.prompt * SLOTS * PHRASES + token - 1;
  }

  /** The residual stream after attention. */
  attend() {
    const { embedded, scores, values, weights } = this;
    const { attention, prefixes, stream } = this.rows;
    for (let row = 0; row < this.count; row++) {
      const tokens = prefixes[row] * SLOTS;
      const length = LENGTH[prefixes[row]];
      const last = TOKENS_OF[tokens + length];
      const to = row * WIDTH;
      for (let n = 0; n < WIDTH; n++) stream[to + n] = embedded[last * WIDTH + n] + weights[AT.projectBias + n];
      for (let head = 0; head < HEADS; head++) {
        const of = (head * TOKENS + last) * TOKENS;
        const at = (row * HEADS + head) * SLOTS;
        let most = -Infinity;
        for (let n = 0; n <= length; n++) most = Math.max(most, scores[of + TOKENS_OF[tokens + n]]);
        let total = 0;
        for (let n = 0; n <= length; n++) {
          attention[at + n] = Math.exp(scores[of + TOKENS_OF[tokens + n]] - most);
          total += attention[at + n];
        }
        for (let n = 0; n <= length; n++) {
          attention[at + n] /= total;
          const value = (head * TOKENS + TOKENS_OF[tokens + n]) * WIDTH;
          for (let i = 0; i < WIDTH; i++) stream[to + i] += attention[at + n] * values[value + i];
        }
      }
    }
  }

  /** Sets ``gradient`` to that of a loss, from its derivatives with respect to what ``forward`` returned.
   *  @param {Float64Array} dHidden in the same rows */
  backward(dHidden) {
    const { count, gradient, weights } = this;
    gradient.fill(0);
    const dStream = new Float64Array(count * WIDTH);
    this.finalNorm.backward(weights, gradient, dHidden, dStream, count);
    const dWide = new Float64Array(count * HIDDEN);
    this.narrow.backward(weights, gradient, this.rows.activated, dStream, dWide, count);
    for (let n = 0; n < dWide.length; n++) dWide[n] *= this.rows.slope[n];
    const dNormed = new Float64Array(count * WIDTH);
    this.widen.backward(weights, gradient, this.rows.normed, dWide, dNormed, count);
    this.mlpNorm.backward(weights, gradient, dNormed, dStream, count);
    this.backFromAttention(dStream);
  }

  /** @param {Float64Array} dStream */
  backFromAttention(dStream) {
    const { gradient, values } = this;
    const { attention, prefixes } = this.rows;
    const dEmbedded = new Float64Array(TOKENS * WIDTH);
    const dScores = new Float64Array(HEADS * TOKENS * TOKENS);
    const dValues = new Float64Array(HEADS * TOKENS * WIDTH);
    const dWeights = new Float64Array(SLOTS);
    for (let row = 0; row < this.count; row++) {
      const tokens = prefixes[row] * SLOTS;
      const length = LENGTH[prefixes[row]];
      const last = TOKENS_OF[tokens + length];
      const from = row * WIDTH;
      for (let n = 0; n < WIDTH; n++) {
        dEmbedded[last * WIDTH + n] += dStream[from + n];
        gradient[AT.projectBias + n] += dStream[from + n];
      }
      for (let head = 0; head < HEADS; head++) {
        const at = (row * HEADS + head) * SLOTS;
        let mean = 0;
        for (let n = 0; n <= length; n++) {
          const value = (head * TOKENS + TOKENS_OF[tokens + n]) * WIDTH;
          let sum = 0;
          for (let i = 0; i < WIDTH; i++) {
            sum += dStream[from + i] * values[value + i];
            dValues[value + i] += attention[at + n] * dStream[from + i];
          }
          dWeights[n] = sum;
          mean += attention[at + n] * sum;
        }
        for (let n = 0; n <= length; n++) {
          dScores[(head * TOKENS + last) * TOKENS + TOKENS_OF[tokens + n]] += attention[at + n] * (dWeights[n] - mean);
        }
      }
    }
    this.backFromTokens(dEmbedded, dScores, dValues);
  }

  /** @param {Float64Array} dEmbedded @param {Float64Array} dScores @param {Float64Array} dValues */
  backFromTokens(dEmbedded, dScores, dValues) {
    const { gradient, stacked, weights } = this;
    const dStacked = new Float64Array(stacked.length);
    for (let head = 0; head < HEADS; head++) {
      for (let token = 0; token < TOKENS; token++) {
        const query = token * 3 * WIDTH + head * HEAD_WIDTH;
        for (let other = 0; other < TOKENS; other++) {
          const d = dScores[(head * TOKENS + token) * TOKENS + other] / Math.sqrt(HEAD_WIDTH);
          const key = other * 3 * WIDTH + WIDTH + head * HEAD_WIDTH;
          for (let n = 0; n < HEAD_WIDTH; n++) {
            dStacked[query + n] += d * stacked[key + n];
            dStacked[key + n] += d * stacked[query + n];
          }
        }
        const value = query + 2 * WIDTH;
        for (let output = 0; output < WIDTH; output++) {
          const d = dValues[(head * TOKENS + token) * WIDTH + output];
          const project = AT.projectWeight + output * WIDTH + head * HEAD_WIDTH;
          for (let n = 0; n < HEAD_WIDTH; n++) {
            gradient[project + n] += d * stacked[value + n];
            dStacked[value + n] += d * weights[project + n];
          }
        }
      }
    }
    const dAttending = new Float64Array(TOKENS * WIDTH);
    this.queryKeyValue.backward(weights, gradient, this.attending, dStacked, dAttending, TOKENS);
    this.attentionNorm.backward(weights, gradient, dAttending, dEmbedded, TOKENS);
    for (let token = 0; token < TOKENS; token++) {
      const row = AT.tokens + this.embedding(token) * WIDTH;
      const place = AT.places + PLACE[token] * WIDTH;
      for (let n = 0; n < WIDTH; n++) {
        gradient[row + n] += dEmbedded[token * WIDTH + n];
        gradient[place + n] += dEmbedded[token * WIDTH + n];
      }
    }
  }
}
