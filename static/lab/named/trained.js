// app/lab/trained.py: the trained lab, made of the data that app/lab/browser_data.py gives; and what is exact about it.
import { float64 } from "../arithmetic.js";
import { Draws } from "../draws.js";
import { expectation, ofAllResponses } from "../exact.js";
import { OF_A_HEAD, Policy } from "../policy.js";
import { sampleComparisons, STREAM } from "../preferences.js";
import { trueQuality } from "../quality.js";
import { AdditiveReward, NetworkReward } from "../reward_model.js";
import { PHRASES, PROMPTS, SLOTS, TOKENS } from "../world.js";
import { Frontier } from "./optimum.js";
import { RewardKind } from "./reward_model.js";
import { openWorld } from "./world.js";

/** @typedef {import("../arithmetic.js").Arithmetic} Arithmetic */

/** @typedef {import("../reward_model.js").RewardModel} RewardModel */

/** @typedef {import("./reward_model.js").Kind} Kind */

/** The world, and weights: the reference policy's, and for each prompt those of its reward models and of its DPO policy. All are
 *  float32 in base64.
 *  @typedef {{ world: ConstructorParameters<typeof import("./world.js").World>[0], seed: number, reference: string,
 *    rewards: Record<Kind, string[]>, dpo: string[], studies?: any }} LabData studies as static/lab/studies/data.js reads them */

/** Comparisons for training, for each prompt. */
export const COMPARISONS = 2000;

const PHRASE_TOKENS = PROMPTS * SLOTS * PHRASES;
const WIDTH = OF_A_HEAD / (SLOTS * PHRASES);

/** @param {string} base64 of float32, the least significant byte first */
const numbers = (base64) =>
  new Float32Array(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer);

/** The reference policy of each prompt, made when it is first asked for. */
class ReferencePolicy {
  /** @param {Float32Array} weights of all prompts @param {Arithmetic} arithmetic */
  constructor(weights, arithmetic) {
    this.weights = weights;
    this.arithmetic = arithmetic;
    /** @type {Policy[]} */
    this.policies = [];
  }

  /** @param {number} prompt */
  of(prompt) {
    return (this.policies[prompt] ??= Policy.of(this.weights, prompt, this.arithmetic));
  }

  /** Draw responses, each as its phrases. @param {number} prompt @param {number} count @param {Draws} draws */
  sample(prompt, count, draws) {
    const { responses } = this.of(prompt).sample(count, draws);
    return Array.from({ length: count }, (_, n) => responses.subarray(n * SLOTS, (n + 1) * SLOTS));
  }
}

/** What is exact about one prompt, worked out when it is first asked for; arrays over all responses. */
class PromptFacts {
  /** @type {Float64Array | undefined} */
  #referenceLogps;
  /** @type {Float64Array | undefined} */
  #trueQuality;
  /** @type {Map<Kind, Float64Array> | undefined} */
  #learnedRewards;
  /** @type {import("./optimum.js").Frontier | undefined} */
  #frontier;

  /** @param {Lab} lab @param {number} prompt */
  constructor(lab, prompt) {
    this.lab = lab;
    this.prompt = prompt;
  }

  get reference_logps() {
    return (this.#referenceLogps ??= ofAllResponses(this.lab.reference_policy.of(this.prompt)));
  }

  get true_quality() {
    return (this.#trueQuality ??= trueQuality(
      {
        helpful: this.lab.world.attribute("helpful", this.prompt),
        harmless: this.lab.world.attribute("harmless", this.prompt),
        honest: this.lab.world.attribute("honest", this.prompt),
        flattering: this.lab.world.attribute("flattering", this.prompt),
      },
      this.reference_logps,
    ));
  }

  /** Reward of each shipped reward model, with mean 0 under the reference policy. @returns {Map<Kind, Float64Array>} */
  get learned_rewards() {
    return (this.#learnedRewards ??= new Map(
      [...RewardKind].map((kind) => [
        kind,
        centered_rewards(this.lab.reward_model(this.prompt, kind), this.reference_logps),
      ]),
    ));
  }

  /** Of the additive reward model. */
  get learned_reward() {
    return /** @type {Float64Array} */ (this.learned_rewards.get("additive"));
  }

  /** Of true quality over KL. */
  get frontier() {
    return (this.#frontier ??= Frontier(this.reference_logps, this.true_quality));
  }
}

export class Lab {
  /** @param {LabData} data @param {Arithmetic} arithmetic */
  constructor({ world, seed, reference, rewards, dpo, studies = {} }, arithmetic) {
    this.arithmetic = arithmetic;
    this.empty = arithmetic.mark();
    this.studies = studies;
    this.world = openWorld(world);
    this.seed = seed;
    this.reference_policy = new ReferencePolicy(numbers(reference), arithmetic);
    this.rewards = rewards;
    this.dpo = dpo;
    /** @type {PromptFacts[]} */
    this.known = [];
    /** @type {Float64Array[]} */
    this.dpoLogps = [];
  }

  /** Gives up all networks, between runs: the memory of some arithmetic has no room for many. What is exact is kept. */
  forget() {
    this.reference_policy.policies = [];
    this.arithmetic.release(this.empty);
  }

  /** Exact quantities of one prompt. @param {number} prompt */
  facts(prompt) {
    return (this.known[prompt] ??= new PromptFacts(this, prompt));
  }

  /** The shipped reward model of a prompt. @param {number} prompt @param {Kind} kind @returns {RewardModel} */
  reward_model(prompt, kind = "additive") {
    const weights = this.rewards[kind][prompt];
    if (kind === "network") {
      const { head, trunk } = this.network(prompt, weights);
      return new NetworkReward(head, trunk, prompt, this.arithmetic);
    }
    const model = new AdditiveReward();
    model.weights.set(numbers(weights));
    return model;
  }

  /** log pi(y|x) of the shipped DPO policy for all responses. @param {number} prompt */
  dpo_logps(prompt) {
    if (!this.dpoLogps[prompt]) {
      this.reference_policy.of(prompt); // which is kept
      const before = this.arithmetic.mark();
      this.dpoLogps[prompt] = ofAllResponses(this.dpo_policy(prompt));
      this.arithmetic.release(before);
    }
    return this.dpoLogps[prompt];
  }

  /** The shipped DPO policy of a prompt. @param {number} prompt */
  dpo_policy(prompt) {
    const { head, trunk } = this.network(prompt, this.dpo[prompt]);
    return new Policy(head, trunk, prompt, this.arithmetic);
  }

  /** A network for one prompt. @param {number} prompt @param {string} base64 of the output vectors, the token embeddings of the
   *  prompt, which are the only ones that it reads and that were trained, and all that follows these in a trunk */
  network(prompt, base64) {
    const weights = numbers(base64);
    const tokens = weights.subarray(OF_A_HEAD, OF_A_HEAD + TOKENS * WIDTH);
    const trunk = this.reference_policy.of(prompt).trunk.weights.slice();
    trunk.set(tokens.subarray(0, WIDTH), (PHRASE_TOKENS + prompt) * WIDTH);
    trunk.set(tokens.subarray(WIDTH), prompt * SLOTS * PHRASES * WIDTH);
    trunk.set(weights.subarray(OF_A_HEAD + TOKENS * WIDTH), (PHRASE_TOKENS + PROMPTS) * WIDTH);
    return { head: weights.subarray(0, OF_A_HEAD), trunk };
  }

  /** Labeled pairs for one prompt, the same for the same seed. @param {number} prompt @param {number} seed @param {number} count */
  comparisons(prompt, seed, count = COMPARISONS) {
    const draws = new Draws(seed, STREAM.COMPARISONS, prompt);
    const pairs = sampleComparisons(this.reference_policy.of(prompt), this.facts(prompt).true_quality, count, draws);
    return { prompt, ...pairs };
  }

  /** The first pairs that the shipped networks were trained on, as phrases: chosen and rejected responses.
   *  @param {number} prompt @param {number} count */
  training_pairs(prompt, count) {
    const { chosen, rejected } = this.comparisons(prompt, this.seed);
    return [chosen, rejected].map((phrases) => Array.from({ length: count }, (_, n) => phrases.subarray(n * SLOTS, (n + 1) * SLOTS)));
  }
}

/** Learned reward of all responses with mean 0 under the reference.
 *  @param {RewardModel} rewardModel @param {Float64Array} referenceLogps */
export const centered_rewards = (rewardModel, referenceLogps) => {
  const rewards = ofAllResponses(rewardModel);
  const mean = expectation(referenceLogps, rewards);
  return rewards.map((reward) => reward - mean);
};

/** @type {Lab | null} */
let lab = null;

/** Opens a lab for ``the_lab`` and ``the_world``. @param {LabData} data @param {Arithmetic} [arithmetic] of its networks */
export const openLab = (data, arithmetic = float64) => {
  lab = new Lab(data, arithmetic);
};

/** The lab that is open. */
export const the_lab = () => {
  if (!lab) throw new Error("no lab is open");
  return lab;
};
