"""Sheets of the quiz: order and numbers drawn from a seed, answers marked."""

from __future__ import annotations

import zlib
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    Field,
    StringConstraints,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_core import PydanticCustomError

from app.content.sections import SECTIONS
from app.lab.draws import Draws, Stream
from app.widgets import fields
from app.widgets.base import WidgetParams, WidgetResult
from app.widgets.quiz import ADDED, QUESTIONS
from app.widgets.quiz.kinds import (
    ChoiceQuestion,
    NumberProblem,
    NumberQuestion,
    Verdict,
)

MAX_ANSWER_LENGTH = 40

Item = TypeVar("Item")


def _acceptable(answer: str, info: ValidationInfo) -> str:
    """An option of the question, or any printable text if the answer is a number; without spaces around it."""
    answer = answer.strip()
    question = QUESTIONS[info.field_name or ""]
    if isinstance(question, ChoiceQuestion):
        if answer and answer not in question.options:
            expected = {"expected": f"one of: {', '.join(question.options)}"}
            raise PydanticCustomError("unknown_option", "no such option", expected)
    elif not answer.isprintable():
        raise PydanticCustomError("unprintable", "has characters that cannot be shown")
    return answer


Answer = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_ANSWER_LENGTH)]


def _answer(question: ChoiceQuestion | NumberQuestion) -> Any:
    """The field of an answer; empty means not answered."""
    if isinstance(question, ChoiceQuestion):
        extra: dict[str, Any] = {"enum": ["", *question.options]}
        how = f"one of: {', '.join(question.options)}"
    else:
        extra = {}
        how = f"a number in {question.unit.name}, as text"
    return Field(
        "",
        title=question.id.removeprefix("q_").replace("_", " ").capitalize(),
        description=f"answer to question {question.id}, {how}; empty: not answered",
        json_schema_extra=extra,
    )


class PartParams(WidgetParams):
    """Answers by the ids of their questions; those that a model has are asked."""

    _acceptable = field_validator(*QUESTIONS, check_fields=False)(_acceptable)


class QuizParams(PartParams):
    """The seed of a sheet."""

    seed: int = fields.seed()


ANSWERS: Any = {name: (Answer, _answer(question)) for name, question in QUESTIONS.items()}
"""the fields of the answers, for models of parameters"""

Params: type[QuizParams] = create_model(
    "Params",
    __base__=QuizParams,
    __module__=__name__,
    __doc__="A sheet and its answers.",
    **ANSWERS,
)


class QuestionOption(BaseModel):
    """One option of a question."""

    id: str = Field(description="what the parameter of the question is set to")
    text: str = Field(description="what the reader chooses")


class QuestionSource(BaseModel):
    """Where the claims of a question come from."""

    key: str = Field(description="key in the list of references")
    where: str = Field(description="place in it, such as a section; may be empty")


class Question(BaseModel):
    """One question of a sheet, with the verdict once it is answered."""

    id: str = Field(description="name of the question and of the parameter that answers it")
    section: str = Field(description="slug of the section that it is about")
    kind: Literal["choice", "number"] = Field(description="options to choose from, or a number")
    text: str = Field(description="the question")
    options: list[QuestionOption] = Field(
        description="in the order of this sheet; empty for a number"
    )
    unit: str | None = Field(description="what the number is in; null for a choice")
    hint: str | None = Field(
        description="how to write the number and the tolerance; null for a choice"
    )
    sources: list[QuestionSource] = Field(description="where its claims come from")
    answer: str | None = Field(description="the answer given; null before")
    correct: bool | None = Field(
        description="whether it is right; null before, and for a text that cannot be read"
    )
    feedback: str | None = Field(
        description="why it is right, the misconception or slip behind it, or why it cannot be read; "
        "null before"
    )
    right_answer: str | None = Field(description="the right answer, in words; null before")
    receipt: str | None = Field(
        description="the torch expression behind the right answer, where a number decides; "
        "null before"
    )


class QuizResult(WidgetResult):
    """A sheet with its verdicts."""

    seed: int = Field(description="of the order, the options and the numbers")
    questions: list[Question] = Field(description="in the order of this sheet")
    answered: int = Field(description="how many questions have an answer")
    score: int = Field(description="how many answers are right")
    total: int = Field(description="how many questions there are")


def compute(params: PartParams) -> QuizResult:
    """The sheet of this seed, or the part of it that ``params`` have answers to, and a verdict on each."""
    questions = [_question(question_id, params) for question_id in _asked(params)]
    answered = [question for question in questions if question.correct is not None]
    return QuizResult(
        finding=_finding(questions, answered, again=len(questions) == len(QUESTIONS)),
        seed=_seed(params),
        questions=questions,
        answered=len(answered),
        score=sum(question.correct is True for question in answered),
        total=len(questions),
    )


def opening(params: PartParams) -> int:
    """The number of the question to show first: of those with an answer, or of all."""
    numbered = enumerate(_asked(params), 1)
    return next((number for number, name in numbered if getattr(params, name)), 1)


def number_problem(question: NumberQuestion, seed: int) -> NumberProblem:
    """The problem of a number question on the sheet of a seed."""
    drawn = _draws(seed, question.id).integers(len(question.cases))
    return question.build(*question.cases[int(drawn)])


def _seed(params: PartParams) -> int:
    """The seed of the sheet; a part of the quiz is of the sheet 0."""
    return int(getattr(params, "seed", 0))


def _question(question_id: str, params: PartParams) -> Question:
    question = QUESTIONS[question_id]
    answer: str = getattr(params, question_id)
    if isinstance(question, ChoiceQuestion):
        return _choice_question(question, _seed(params), answer)
    return _number_question(question, _seed(params), answer)


def _choice_question(question: ChoiceQuestion, seed: int, answer: str) -> Question:
    options = _shuffled(list(question.options.items()), seed, question.id)
    return Question(
        **_common(question),
        kind="choice",
        text=question.text,
        options=[QuestionOption(id=name, text=text) for name, text in options],
        unit=None,
        hint=None,
        **_verdict(
            answer,
            question.mark(answer) if answer else None,
            question.options[question.right],
            question.receipt,
        ),
    )


def _number_question(question: NumberQuestion, seed: int, answer: str) -> Question:
    problem = number_problem(question, seed)
    return Question(
        **_common(question),
        kind="number",
        text=problem.text,
        options=[],
        unit=question.unit.name,
        hint=question.hint,
        **_verdict(
            answer,
            question.mark(problem, answer) if answer else None,
            question.unit.write(problem.value),
            problem.receipt,
        ),
    )


def _common(question: ChoiceQuestion | NumberQuestion) -> dict[str, Any]:
    return {
        "id": question.id,
        "section": question.section,
        "sources": [QuestionSource(key=s.key, where=s.where) for s in question.sources],
    }


def _verdict(
    answer: str, verdict: Verdict | None, right_answer: str, receipt: str | None
) -> dict[str, Any]:
    """Fields that are filled in once there is an answer; the right one, once there is a verdict."""
    told = verdict is not None and verdict.correct is not None
    return {
        "answer": answer or None,
        "correct": verdict.correct if verdict else None,
        "feedback": verdict.feedback if verdict else None,
        "right_answer": right_answer if told else None,
        "receipt": receipt if told else None,
    }


def _draws(seed: int, name: str) -> Draws:
    """A separate stream for each purpose, so that a new question does not change the others."""
    return Draws(seed, Stream.QUIZ, zlib.crc32(name.encode()) & 0xFFFF)


def _shuffled(items: list[Item], seed: int, name: str) -> list[Item]:
    return [items[i] for i in _draws(seed, name).order(len(items)).tolist()]


def _order(seed: int) -> list[str]:
    first = [name for name in QUESTIONS if name not in ADDED]
    return _shuffled(first, seed, "order") + _shuffled(list(ADDED), seed, "added")


def _asked(params: PartParams) -> list[str]:
    """The questions that ``params`` have an answer to, which may be empty, in the order of their sheet."""
    return [name for name in _order(_seed(params)) if getattr(params, name, None) is not None]


def _finding(questions: list[Question], answered: list[Question], *, again: bool) -> str:
    """The score, and, where ``again``, the sections to read once more."""
    if not answered:
        return f"No answers yet: {len(questions)} questions."
    wrong = [question for question in answered if not question.correct]
    score = f"{len(answered) - len(wrong)} right of {len(answered)} answered."
    if not wrong:
        left = len(questions) - len(answered)
        return f"{score} {f'{left} to go.' if left else 'That is all of them.'}"
    if not again:
        return score
    slugs = {question.section for question in wrong}
    worth = [f"{s.numeral}. {s.title}" for s in SECTIONS if s.slug in slugs]
    return f"{score} Worth another look: {'; '.join(worth)}."
