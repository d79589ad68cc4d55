// Sheets of the quiz, counted as app/widgets/quiz/sheet.py counts them.

/** A sheet with these questions: all of them with other verdicts, or a part.
 *  @type {(sheet: Result, questions: any[]) => Result} */
export const sheetOf = (sheet, questions) => {
  const opens = questions.findIndex(({ answer }) => answer !== null) + 1 || 1;
  return {
    ...sheet,
    scene: { ...sheet.scene, places: questions.length + 1, opens },
    questions,
    answered: questions.filter(({ correct }) => correct !== null).length,
    score: questions.filter(({ correct }) => correct === true).length,
    total: questions.length,
  };
};
