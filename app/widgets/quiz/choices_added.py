"""Questions with options that joined a published quiz: on every sheet they come after the others, whose numbers
addresses may name. In the order of the sections."""

from __future__ import annotations

from app.widgets.quiz.kinds import ChoiceQuestion, Citation

ADDED_CHOICES = (
    ChoiceQuestion(
        id="q_disagree",
        section="alignment-problem",
        text="Two people judge the same pair and choose different responses. What does that show?",
        right="usual",
        options={
            "usual": "Nothing unusual: judges often disagree, and a label is one judgment",
            "mistake": "One of them has made a mistake",
            "equal": "The two responses are equally good",
            "useless": "The pair says nothing and should be left out",
        },
        feedback={
            "usual": "In the DPO paper’s human study two raters agreed on 65% of the pairs of one comparison, "
            "and on 87% of those of another.",
            "mistake": "Neither has to be wrong: people want different things. In the DPO paper’s human study "
            "two raters agreed on 65% of the pairs of one comparison.",
            "equal": "Two labels cannot show that. A response that wins three times out of four "
            "still loses the fourth time.",
            "useless": "A single pair says little, whether judges agree on it or not. "
            "How often they agree is seen over many pairs.",
        },
        sources=(Citation("rafailov2023", "Table 2, App. D.3"),),
    ),
    ChoiceQuestion(
        id="q_reference",
        section="rlhf-pipeline",
        text="The model from supervised fine-tuning is kept as the reference. What for?",
        right="anchor",
        options={
            "anchor": "To measure how far the policy, which starts from it, has moved",
            "scores": "To score the policy’s responses",
            "follows": "To be trained along with the policy, so that the two stay close",
            "labels": "To decide which response of a pair is chosen",
        },
        feedback={
            "anchor": "Its weights stay as they are. A response that the policy likes far more "
            "than the reference does is charged for it.",
            "scores": "Scores come from the reward model. The reference supplies log-probabilities, "
            "which the penalty compares with those of the policy.",
            "follows": "Its weights stay as they are. If it followed the policy, "
            "the penalty would not keep the policy near anything.",
            "labels": "The pairs were labeled by judges, before the policy was trained.",
        },
        sources=(Citation("rafailov2023", "sec. 3, Eq. 3"), Citation("ziegler2019", "sec. 2")),
    ),
    ChoiceQuestion(
        id="q_offset",
        section="reward-modeling",
        text="All rewards of a reward model are raised by 5. What becomes of its preference probabilities?",
        right="same",
        options={
            "same": "They stay the same",
            "rise": "They all rise",
            "sharper": "They move away from one half",
            "ranks": "They change, but the better response stays the better one",
        },
        feedback={
            "same": "Only the difference of two rewards counts, and the 5 cancels in it. "
            "For the same reason pairs cannot say where zero is.",
            "rise": "They cannot all rise: the probabilities of the two outcomes add up to 1.",
            "sharper": "That is what multiplying does. Adding the same number to both leaves their difference as it was.",
            "ranks": "Not even the numbers change: the difference of two rewards is what it was.",
        },
        sources=(Citation("rafailov2023", "Eq. 1, sec. 5.1"),),
    ),
    ChoiceQuestion(
        id="q_kl",
        section="ppo-problem",
        text="The KL penalty of PPO compares the policy with the reference. What does it charge most for?",
        right="new",
        options={
            "new": "Often writing what the reference hardly ever writes",
            "dropped": "No longer writing what the reference often writes",
            "both": "Both alike, as it measures a distance",
            "certain": "Being certain of one response",
        },
        feedback={
            "new": "The penalty averages the difference of the two log-probabilities over the policy’s own responses. "
            "It grows without bound as the reference’s probability of one of them goes to 0.",
            "dropped": "That is cheap: what the policy no longer writes is not in the average. "
            "Keeping one of two equally likely responses costs only ln 2 nats.",
            "both": "It is not symmetric. The average is over the policy’s own responses; over those of the reference "
            "it would be another number.",
            "certain": "Certainty as such costs nothing: if the reference is certain of the same response, "
            "the divergence is 0.",
        },
        sources=(Citation("rafailov2023", "Eq. 3"),),
    ),
    ChoiceQuestion(
        id="q_watch",
        section="ppo-problem",
        text="A policy is trained on a learned reward. Which curve can show that it has begun to exploit that reward?",
        right="judge",
        options={
            "judge": "The score by a judge that it was not trained on",
            "learned": "The learned reward",
            "kl": "The KL divergence from the reference",
            "test": "The reward model’s accuracy on held-out pairs",
        },
        feedback={
            "judge": "Gao et al. used a larger reward model as that judge. Its score first rises with the learned reward "
            "and then falls.",
            "learned": "It goes on rising, which is why the failure is easy to miss.",
            "kl": "It says how far the policy has moved, not whether its responses have become worse.",
            "test": "Those pairs were sampled before training. A reward model can rank them well "
            "and be wrong about what the policy writes now.",
        },
        sources=(Citation("gao2023"),),
    ),
    ChoiceQuestion(
        id="q_chosen_fall",
        section="dpo-loss",
        text=(
            "A policy has moved away from its reference. What is its log-ratio, "
            "averaged over responses sampled from the reference?"
        ),
        right="negative",
        options={
            "negative": "Negative, whatever the loss was",
            "zero": "Zero: what one response loses, another one gains",
            "positive": "Positive, if the loss has fallen",
            "open": "Positive or negative, depending on the pairs",
        },
        feedback={
            "negative": "It is minus a KL divergence, from the reference to the policy. So chosen responses that look like "
            "the reference’s own fall on average, however good the policy becomes.",
            "zero": "Probabilities balance, their logarithms do not: halving one of two equal probabilities "
            "costs 0.69 nats, and the other one gains only 0.41.",
            "positive": "The loss sees only differences of log-ratios. The average over the reference’s own responses "
            "is minus a KL divergence, and so below zero.",
            "open": "The pairs decide which responses fall, but not the average: "
            "that is minus a KL divergence, and so below zero.",
        },
        sources=(Citation("rafailov2024q", "sec. 5.4"),),
        receipt="(lambda p, q: (p * (q / p).log()).sum())(torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.75]))",
    ),
    ChoiceQuestion(
        id="q_on_policy",
        section="dpo-vs-rlhf",
        text="Why can it help DPO to label new pairs of the policy’s own responses during training?",
        right="now",
        options={
            "now": "They judge what the policy writes now",
            "cleaner": "Their labels have fewer errors",
            "required": "The derivation holds only for pairs sampled from the policy",
            "reference": "The reference has to be renewed, and needs pairs of its own",
        },
        feedback={
            "now": "Old pairs say little about responses that the policy has only begun to write. "
            "With new ones it beat offline DPO and RLHF in human evaluation.",
            "cleaner": "The judge may be the same. What is new is the responses that are judged.",
            "required": "It holds for pairs from any source that leaves no response out. "
            "With finite data it matters which responses the pairs compare.",
            "reference": "The reference can stay the same. It needs no pairs, only responses whose probability it gives.",
        },
        sources=(Citation("guo2024", "abstract"),),
    ),
    ChoiceQuestion(
        id="q_length",
        section="bigger-picture",
        text="After DPO a model’s answers are longer, and its win rate is higher. What should be checked?",
        right="controlled",
        options={
            "controlled": "Whether it still wins once length is controlled for",
            "nothing": "Nothing: a higher win rate means better answers",
            "sums": "The code: sums over tokens cannot favor long answers",
            "reward_model": "The reward model: DPO itself cannot exploit length",
        },
        feedback={
            "controlled": "Judges such as GPT-4 tend to favor long answers. "
            "R-DPO, which charges for length, raised win rates by up to 20% when it was controlled for.",
            "nothing": "Judges such as GPT-4 tend to favor long answers, so a win rate can rise by length alone.",
            "sums": "The loss compares log-ratios, not log-probabilities. "
            "A longer answer has more tokens in which its log-ratio can grow.",
            "reward_model": "DPO’s implicit reward is fitted to the pairs. Where the chosen response is usually the longer one, "
            "the policy learns that.",
        },
        sources=(Citation("park2024", "abstract"), Citation("dubois2024", "abstract")),
    ),
)
