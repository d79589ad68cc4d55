"""Questions with options, sections I to VI. Options are shuffled when a sheet is made."""

from __future__ import annotations

from app.widgets.quiz.kinds import ChoiceQuestion, Citation

EARLY_CHOICES = (
    ChoiceQuestion(
        id="q_pair",
        section="alignment-problem",
        text="A preference pair marks one response as chosen and one as rejected. What does it record?",
        right="once",
        options={
            "once": "That a judge preferred the first to the second, once",
            "good": "That the chosen response is a good one",
            "amount": "How much better the chosen response is",
            "person": "That a person found the chosen response better",
        },
        feedback={
            "once": "A pair holds no score and no reason. Another judge may have said the opposite.",
            "good": "A pair only compares. Both responses may be bad, and the chosen one a little less so.",
            "amount": "A pair has no score: a wide gap and a narrow one leave the same record. "
            "Gaps can only be inferred from many pairs.",
            "person": "The judge need not be a person. Zephyr, for one, learned from rankings made by another model.",
        },
        sources=(Citation("tunstall2023", "abstract"),),
    ),
    ChoiceQuestion(
        id="q_ppo_memory",
        section="rlhf-pipeline",
        text="Which networks does PPO for RLHF typically keep in memory while it trains?",
        right="four_roles",
        options={
            "four_roles": "Policy, value model, reference and reward model",
            "two": "Policy and reward model",
            "three": "Reward model, policy and value model",
            "copies": "Four copies of the policy",
        },
        feedback={
            "four_roles": "The policy and the value model are trained, the reference and the reward model are frozen. "
            "Sharing weights can bring the number down.",
            "two": "Two are missing. The penalty compares the policy with the reference, "
            "and PPO needs a value model, which predicts the reward still to come.",
            "three": "Those are the three that are trained after SFT. While PPO runs, "
            "the frozen reference is there too, for the penalty.",
            "copies": "Four is right, copies is not. The four have different tasks and need not have the same size: "
            "InstructGPT used 6B reward and value models for policies of every size.",
        },
        sources=(Citation("trlppo", "PPOTrainer"), Citation("ouyang2022", "sec. 3.5, App. C.4")),
    ),
    ChoiceQuestion(
        id="q_overoptimisation",
        section="ppo-problem",
        text="PPO maximizes a learned reward. Which of these observations is over-optimization?",
        right="falls",
        options={
            "falls": "True quality falls while the learned reward keeps rising",
            "gap": "The learned reward is higher than the true quality",
            "kl": "The KL divergence from the reference grows",
            "plateau": "The learned reward stops rising",
        },
        feedback={
            "falls": "The policy has moved to responses that the reward model overrates. "
            "Gao et al. saw this with a larger reward model as the true judge.",
            "gap": "A gap between the two is there from the start. "
            "It is the fall of true quality that counts, not the gap.",
            "kl": "Distance is not yet harm: as the policy moves away, the true score first rises "
            "along with the learned one.",
            "plateau": "That may be convergence. In over-optimization the learned reward looks fine, "
            "which is why it is easy to miss.",
        },
        sources=(Citation("gao2023"),),
    ),
    ChoiceQuestion(
        id="q_partition",
        section="dpo-insight",
        text="Why is there no Z(x) in a preference probability that is written with policies?",
        right="cancels",
        options={
            "cancels": "It depends on the prompt only, so it cancels in the difference of two rewards",
            "is_one": "It is always equal to 1",
            "neglected": "It is close to 1 for large β and can be neglected",
            "sampled": "It is estimated from samples of the reference",
        },
        feedback={
            "cancels": "Both responses answer the same prompt. The term β log Z(x) is the same in both rewards, "
            "and Bradley-Terry sees only their difference.",
            "is_one": "In general it is not: step 2 of the derivation sums it. "
            "It cancels whatever its value is.",
            "neglected": "Nothing is neglected. The step is exact for every β above 0.",
            "sampled": "Nothing is sampled. The sum over all responses is out of reach for a real model, "
            "and never needed.",
        },
        sources=(Citation("rafailov2023", "Eq. 5 and 6"),),
    ),
    ChoiceQuestion(
        id="q_first_loss",
        section="dpo-loss",
        text="Training starts with the policy equal to the reference. What is the first DPO loss?",
        right="ln2",
        options={
            "ln2": "ln 2 ≈ 0.693, for every β",
            "zero": "0, because nothing has moved yet",
            "by_beta": "It depends on β",
            "half": "0.5, the value of a coin toss",
        },
        feedback={
            "ln2": "Both log-ratios are 0, so the margin is 0 and the loss is −log σ(0) = ln 2. "
            "A training log that starts elsewhere points to a bug, or to dropout or rounding.",
            "zero": "It is the margin that is 0. A margin of 0 is a coin toss, and a coin toss costs ln 2.",
            "by_beta": "β multiplies log-ratios that are still 0, so it has no effect yet.",
            "half": "0.5 is the probability σ(0). The loss is its negative logarithm.",
        },
        sources=(Citation("rafailov2023", "Eq. 7"),),
        receipt="-F.logsigmoid(torch.tensor(0.0))",
    ),
    ChoiceQuestion(
        id="q_displacement",
        section="dpo-loss",
        text="In a DPO run the loss on the training pairs falls steadily. What follows for the chosen responses?",
        right="nothing",
        options={
            "nothing": "Nothing certain: they may even become less likely",
            "likelier": "They become more likely",
            "above": "They are now more likely than the rejected ones",
            "on_average": "Single ones may fall, but on average they become more likely",
        },
        feedback={
            "nothing": "The loss contains only the difference of two log-ratios. "
            "It also falls if both responses lose probability and the rejected one loses more.",
            "likelier": "It is a common reading, but the loss asks only that the difference grows. "
            "In practice the margin often grows by suppressing the rejected responses.",
            "above": "The loss compares log-ratios to the reference, not probabilities. "
            "Where the reference strongly favors the rejected response, it can stay the more likely one.",
            "on_average": "The average is just as free: adding the same to both log-ratios of every pair "
            "changes no loss. Chosen responses often fall as a whole.",
        },
        sources=(
            Citation("pal2024", "abstract"),
            Citation("razin2024", "secs. 1 and 3"),
            Citation("trl"),
        ),
    ),
)
