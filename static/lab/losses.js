// The family of preference losses and the baselines, each with its gradient, as app/lab/losses.py and
// app/lab/baselines.py have them; autograd's gradients are the test of these.

/** Log-probabilities in nats and counts of completion tokens, all of shape (pairs,).
 *  @typedef {{ policyChosen: ArrayLike<number>, policyRejected: ArrayLike<number>, referenceChosen: ArrayLike<number>,
 *    referenceRejected: ArrayLike<number>, chosenLengths: ArrayLike<number>, rejectedLengths: ArrayLike<number> }} PairLogps */

/** One pair. `chosen` and `rejected` are log-ratios, log pi_theta(y|x) - log pi_ref(y|x), in nats.
 *  @typedef {{ chosen: number, rejected: number, policyChosen: number, policyRejected: number,
 *    chosenLength: number, rejectedLength: number }} Pair */

/** Parameters beside beta: the assumed share of flipped labels; SimPO's target margin; z0 of kto in nats and the weights of
 *  its halves; delta of bco_pair; the temperature of discopop's mixture.
 *  @typedef {{ labelSmoothing: number, simpoGamma: number, ktoReferencePoint: number, desirableWeight: number,
 *    undesirableWeight: number, rewardShift: number, discopopTau: number }} LossParams */

/** The loss of a pair, and its derivatives with respect to log pi_theta of the chosen and of the rejected response.
 *  @typedef {[loss: number, dChosen: number, dRejected: number]} WithGradient */

/** @typedef {(pair: Pair, beta: number, params: LossParams) => WithGradient} Loss */

/** @type {Readonly<LossParams>} */
const DEFAULTS = Object.freeze({
  labelSmoothing: 0,
  simpoGamma: 0.5,
  ktoReferencePoint: 0,
  desirableWeight: 1,
  undesirableWeight: 1,
  rewardShift: 0,
  discopopTau: 0.05,
});

/** What the authors of EXO advise. */
const EXO_SMOOTHING = 1e-3;

/** @type {(x: number) => number} */
export const logSigma = (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));

/** @type {(x: number) => number} */
export const sigma = (x) => Math.exp(logSigma(x));

/** sigma'(x), which keeps its digits where sigma is near 1.
 *  @type {(x: number) => number} */
const sigmaSlope = (x) => sigma(x) * sigma(-x);

/** A loss of a margin, by the chain rule: the margin rises with the chosen response, falls with the rejected one.
 *  @type {(loss: number, slope: number, perChosen: number, perRejected?: number) => WithGradient} */
const ofMargin = (loss, slope, perChosen, perRejected = perChosen) => [loss, slope * perChosen, -slope * perRejected];

/** log p / (1 - p) of log p, careful where p is near 1.
 *  @type {(logp: number) => number} */
const logOdds = (logp) => logp - Math.log(-Math.expm1(logp));

/** The derivative of `logOdds`, 1 / (1 - p).
 *  @type {(logp: number) => number} */
const logOddsSlope = (logp) => -1 / Math.expm1(logp);

/** DPO, Eq. 7 of arXiv 2305.18290; with label smoothing conservative DPO.
 *  @type {Loss} */
const sigmoid = ({ chosen, rejected }, beta, { labelSmoothing: e }) => {
  const logits = beta * (chosen - rejected);
  const loss = -(1 - e) * logSigma(logits) - e * logSigma(-logits);
  return ofMargin(loss, e * sigma(logits) - (1 - e) * sigma(-logits), beta);
};

/** rDPO, arXiv 2403.00409, in the form in which nothing cancels where the smoothing is near 1/2.
 *  @type {Loss} */
const robust = ({ chosen, rejected }, beta, { labelSmoothing: e }) => {
  const logits = beta * (chosen - rejected);
  const tilt = e / (1 - 2 * e);
  return ofMargin(-logSigma(logits) - tilt * logits, -sigma(-logits) - tilt, beta);
};

/** SLiC-HF (arXiv 2305.10425) as in RSO (arXiv 2309.06657). At its kink the slope is 0, as torch has it.
 *  @type {Loss} */
const hinge = ({ chosen, rejected }, beta) => {
  const short = 1 - beta * (chosen - rejected);
  return ofMargin(Math.max(0, short), short <= 0 ? 0 : -1, beta);
};

/** IPO on summed log-ratios, Eq. 17 of arXiv 2310.12036.
 *  @type {Loss} */
const ipo = ({ chosen, rejected }, beta) => {
  const excess = chosen - rejected - 1 / (2 * beta);
  return ofMargin(excess ** 2, 2 * excess, 1);
};

/** IPO (arXiv 2310.12036) on log-ratios averaged over tokens, as TRL computes its `ipo`.
 *  @type {Loss} */
const ipoNorm = ({ chosen, rejected, chosenLength, rejectedLength }, beta) => {
  const excess = chosen / chosenLength - rejected / rejectedLength - 1 / (2 * beta);
  return ofMargin(excess ** 2, 2 * excess, 1 / chosenLength, 1 / rejectedLength);
};

/** EXO, arXiv 2402.00856. Label smoothing 0 counts as 0.001.
 *  @type {Loss} */
const exoPair = ({ chosen, rejected }, beta, { labelSmoothing }) => {
  const logits = beta * (chosen - rejected);
  const e = labelSmoothing || EXO_SMOOTHING;
  const [logKept, logFlipped] = [Math.log1p(-e), Math.log(e)];
  const loss = sigma(logits) * (logSigma(logits) - logKept) + sigma(-logits) * (logSigma(-logits) - logFlipped);
  return ofMargin(loss, sigmaSlope(logits) * (logits - logKept + logFlipped), beta);
};

/** NCA, arXiv 2402.05369.
 *  @type {Loss} */
const ncaPair = (pair, beta) => {
  const [chosen, rejected] = [beta * pair.chosen, beta * pair.rejected];
  const loss = -logSigma(chosen) - 0.5 * logSigma(-chosen) - 0.5 * logSigma(-rejected);
  return [loss, beta * (0.5 * sigma(chosen) - sigma(-chosen)), beta * 0.5 * sigma(rejected)];
};

/** BCO on pairs, arXiv 2404.04656, with a reward shift that is given.
 *  @type {Loss} */
const bcoPair = (pair, beta, { rewardShift }) => {
  const [chosen, rejected] = [beta * pair.chosen - rewardShift, beta * pair.rejected - rewardShift];
  return [-logSigma(chosen) - logSigma(-rejected), -beta * sigma(-chosen), beta * sigma(rejected)];
};

/** SPPO with hard labels, arXiv 2405.00675.
 *  @type {Loss} */
const sppoHard = (pair, beta) => {
  const target = 1 / (2 * beta);
  const [chosen, rejected] = [pair.chosen - target, pair.rejected + target];
  return [chosen ** 2 + rejected ** 2, 2 * chosen, 2 * rejected];
};

/** APO-zero, Eq. 7 of arXiv 2408.06266.
 *  @type {Loss} */
const apoZero = (pair, beta) => {
  const [chosen, rejected] = [beta * pair.chosen, beta * pair.rejected];
  return [sigma(-chosen) + sigma(rejected), -beta * sigmaSlope(chosen), beta * sigmaSlope(rejected)];
};

/** APO-down, Eq. 8 of arXiv 2408.06266.
 *  @type {Loss} */
const apoDown = (pair, beta) => {
  const [chosen, rejected] = [beta * pair.chosen, beta * pair.rejected];
  const parting = sigmaSlope(rejected - chosen);
  return [sigma(chosen) + sigma(rejected - chosen), beta * (sigmaSlope(chosen) - parting), beta * parting];
};

/** DiscoPOP, Eq. 5 of arXiv 2406.08414.
 *  @type {Loss} */
const discopop = ({ chosen, rejected }, beta, { discopopTau: tau }) => {
  const logits = beta * (chosen - rejected);
  const mix = logits / tau;
  // The mixing weight falls as exp(z / tau) while exp(-z) grows: multiply them as logarithms.
  const exponential = Math.exp(logSigma(mix) - logits);
  const logistic = sigma(-mix) * -logSigma(logits);
  const logisticSlope = (sigmaSlope(mix) / tau) * logSigma(logits) - sigma(-mix) * sigma(-logits);
  return ofMargin(logistic + exponential, logisticSlope + exponential * (sigma(-mix) / tau - 1), beta);
};

/** Length-normalized DPO: SimPO's ablation (arXiv 2405.14734), Tulu 3 (arXiv 2411.15124).
 *  @type {Loss} */
const sigmoidNorm = ({ chosen, rejected, chosenLength, rejectedLength }, beta) => {
  const logits = beta * (chosen / chosenLength - rejected / rejectedLength);
  return ofMargin(-logSigma(logits), -sigma(-logits), beta / chosenLength, beta / rejectedLength);
};

/** SimPO, arXiv 2405.14734.
 *  @type {Loss} */
const simpo = ({ policyChosen, policyRejected, chosenLength, rejectedLength }, beta, { simpoGamma }) => {
  const logits = (beta * policyChosen) / chosenLength - (beta * policyRejected) / rejectedLength - simpoGamma;
  return ofMargin(-logSigma(logits), -sigma(-logits), beta / chosenLength, beta / rejectedLength);
};

/** ORPO, arXiv 2403.07691; beta is the paper's lambda.
 *  @type {Loss} */
const orpo = ({ policyChosen, policyRejected, chosenLength, rejectedLength }, beta) => {
  const [chosen, rejected] = [policyChosen / chosenLength, policyRejected / rejectedLength];
  const logits = logOdds(chosen) - logOdds(rejected);
  const slope = beta * sigma(-logits);
  const dChosen = (-1 - slope * logOddsSlope(chosen)) / chosenLength;
  return [-chosen - beta * logSigma(logits), dChosen, (slope * logOddsSlope(rejected)) / rejectedLength];
};

/** KTO, arXiv 2402.01306: the sum over both halves of a pair, with a reference point that is given.
 *  @type {Loss} */
const kto = (pair, beta, { ktoReferencePoint: z0, desirableWeight, undesirableWeight }) => {
  const [chosen, rejected] = [beta * (z0 - pair.chosen), beta * (pair.rejected - z0)];
  const loss = desirableWeight * sigma(chosen) + undesirableWeight * sigma(rejected);
  return [loss, -desirableWeight * beta * sigmaSlope(chosen), undesirableWeight * beta * sigmaSlope(rejected)];
};

/** Preferred-FT: SFT on the chosen responses (arXiv 2305.18290 section 6).
 *  @type {Loss} */
const preferredFt = ({ policyChosen }) => [-policyChosen, -1, 0];

/** Unlikelihood, as the baseline of arXiv 2305.18290 section 6; beta is its coefficient.
 *  @type {Loss} */
const unlikelihood = ({ policyChosen, policyRejected }, beta) => [-policyChosen + beta * policyRejected, -1, beta];

/** DPO plus the token-mean NLL of the chosen response (Iterative RPO, arXiv 2404.19733).
 *  @type {Loss} */
const sigmoidNll = (pair, beta, params) => {
  const [loss, dChosen, dRejected] = sigmoid(pair, beta, params);
  return [loss - pair.policyChosen / pair.chosenLength, dChosen - 1 / pair.chosenLength, dRejected];
};

/** Losses of app/lab/baselines.py, which are in no figure of losses. */
export const BASELINES = new Set(["preferred_ft", "unlikelihood", "sigmoid_nll"]);

/** @type {Record<string, Loss>} */
export const LOSSES = {
  sigmoid, robust, hinge, ipo, ipo_norm: ipoNorm, exo_pair: exoPair, nca_pair: ncaPair, bco_pair: bcoPair,
  sppo_hard: sppoHard, apo_zero: apoZero, apo_down: apoDown, discopop, sigmoid_norm: sigmoidNorm, simpo, orpo, kto,
  preferred_ft: preferredFt, unlikelihood, sigmoid_nll: sigmoidNll,
};

const USES_LABEL_SMOOTHING = new Set(["sigmoid", "robust", "exo_pair", "sigmoid_nll"]);

/** @type {(lossType: string, labelSmoothing: number) => void} */
const checkLabelSmoothing = (lossType, labelSmoothing) => {
  if (!USES_LABEL_SMOOTHING.has(lossType)) {
    if (labelSmoothing === 0) return;
    throw new RangeError(`label_smoothing must be 0 for ${lossType}, which has no such term`);
  }
  if (labelSmoothing >= 0 && labelSmoothing < 0.5) return;
  throw new RangeError(`label_smoothing must be from 0 to below 0.5 for ${lossType}`);
};

/** The loss of each pair, and its derivatives with respect to log pi_theta of the chosen and of the rejected response, all of
 *  shape (pairs,). Throws RangeError for an unknown loss and for label smoothing that the loss cannot use.
 *  @param {string} lossType @param {PairLogps} pairs @param {number} beta @param {Partial<LossParams>} params */
export const trainingLoss = (lossType, pairs, beta, params = {}) => {
  if (!Object.hasOwn(LOSSES, lossType)) throw new RangeError(`loss_type must be one of ${Object.keys(LOSSES).join(", ")}`);
  const all = { ...DEFAULTS, ...params };
  checkLabelSmoothing(lossType, all.labelSmoothing);
  const loss = LOSSES[lossType];
  const count = pairs.policyChosen.length;
  const [losses, chosen, rejected] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < count; i++) {
    const [policyChosen, policyRejected] = [pairs.policyChosen[i], pairs.policyRejected[i]];
    const pair = {
      chosen: policyChosen - pairs.referenceChosen[i],
      rejected: policyRejected - pairs.referenceRejected[i],
      policyChosen,
      policyRejected,
      chosenLength: pairs.chosenLengths[i],
      rejectedLength: pairs.rejectedLengths[i],
    };
    [losses[i], chosen[i], rejected[i]] = loss(pair, beta, all);
  }
  return { losses, chosen, rejected };
};
