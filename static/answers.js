// The answers that the reader has given to questions of the quiz, on any page of the site in this browser: each counts
// once, at the end of its section and in the whole quiz. An answer that came with an address is not the reader's.

const KEY = "answers";

// Who frames a page says by its address what it shows, and may not want the answers of whoever sat here before.
const framed = window !== window.parent;

/** The answer to each question, with the seed of its sheet; none where storage is blocked or holds something else.
 *  @returns {Record<string, [answer: string, seed: number]>} */
export const given = () => {
  try {
    const found = framed ? null : JSON.parse(localStorage.getItem(KEY) ?? "null");
    return Object.fromEntries(Object.entries(found ?? {}).filter(([, one]) => Array.isArray(one) && typeof one[0] === "string"));
  } catch {
    return {};
  }
};

/** @type {(answers: Record<string, [string, number]>) => void} */
const store = (answers) => {
  try {
    if (!framed) localStorage.setItem(KEY, JSON.stringify(answers));
  } catch {
    // Blocked or full: the answers still stand on this page and in its address.
  }
};

/** @type {(id: string, answer: string, seed: number) => void} */
export const keep = (id, answer, seed) => store({ ...given(), [id]: [answer, seed] });

/** @type {(ids: string[]) => void} */
export const forget = (ids) => store(Object.fromEntries(Object.entries(given()).filter(([id]) => !ids.includes(id))));

/** Call back when another page may have added answers: one in another tab, or one visited before going back.
 *  @type {(then: () => void) => void} */
export const follow = (then) => {
  addEventListener("storage", ({ key }) => {
    if (key === KEY) then();
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) then();
  });
};
