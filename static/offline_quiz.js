// The quiz in an offline copy: looks up verdicts that were computed when the copy was made, and counts them. Numbers
// are parsed as in app/widgets/quiz/kinds.py.
import { sheetOf } from "./sheet.js";

const PLACEHOLDER = "¤";
const DIGITS = String.raw`(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const TERM = String.raw`(?:(?:ln|log)\s*)?(?:${DIGITS}|\(\s*${DIGITS}\s*\))`;
const NUMBER = new RegExp(String.raw`^([+-]?)\s*(${TERM})(?:\s*/\s*(${TERM}))?\s*(%?)$`, "i");

/** A number, or the natural logarithm of one.
 *  @type {(text?: string) => number} */
const term = (text = "1") => {
  const value = Number(text.match(new RegExp(DIGITS, "i"))?.[0]);
  if (!/^l/i.test(text)) return value;
  return value > 0 ? Math.log(value) : NaN;
};

/** @type {(question: any, text: string) => any} */
const withText = (question, text) => ({
  ...question,
  answer: text,
  feedback: question.feedback.replace(PLACEHOLDER, () => text),
});

/** @type {(numbers: any, text: string) => any} */
const numberVerdict = ({ percent, spots, other, ...refusals }, text) => {
  let plain = text.replaceAll("−", "-");
  if (!plain.includes(".")) plain = plain.replaceAll(",", ".");
  const [, minus, dividend, divisor, sign] = plain.match(NUMBER) ?? [];
  const value = dividend === undefined ? NaN : term(dividend) / term(divisor);
  if (Number.isNaN(value)) return withText(refusals.unreadable, text);
  if (!Number.isFinite(value)) return withText(refusals.too_large, text);
  if (sign && refusals.percent_refused) return withText(refusals.percent_refused, text);
  const given = value * (minus === "-" ? -1 : 1) * (sign ? percent : 1);
  const spot = spots.find((/** @type {any} */ { low, high }) => low <= given && given <= high);
  return withText(spot?.verdict ?? other, text);
};

/** @type {(result: Result, sections: Record<string, string>) => string} */
const finding = (result, sections) => {
  const answered = result.questions.filter((/** @type {any} */ { correct }) => correct !== null);
  if (!answered.length) return result.finding;
  const wrong = answered.filter((/** @type {any} */ { correct }) => !correct);
  const score = `${answered.length - wrong.length} right of ${answered.length} answered.`;
  const left = result.questions.length - answered.length;
  if (!wrong.length) return `${score} ${left ? `${left} to go.` : "That is all of them."}`;
  const again = Object.keys(sections).filter((slug) => wrong.some((/** @type {any} */ { section }) => section === slug));
  return `${score} Worth another look: ${again.map((slug) => sections[slug]).join("; ")}.`;
};

/** Mark a sheet without answers with the given ones.
 *  @type {(sheet: Result, beside: any, given: FormData) => Result} */
export const marked = (sheet, { options, numbers, sections }, given) => {
  const questions = sheet.questions.map((/** @type {any} */ question) => {
    const text = String(given.get(question.id) ?? "").trim();
    if (text === "") return question;
    // Options are identified by their position on the sheet.
    return question.kind === "choice" ? options[question.id][text] : numberVerdict(numbers[question.id], text);
  });
  const result = sheetOf(sheet, questions);
  return { ...result, finding: finding(result, sections) };
};
