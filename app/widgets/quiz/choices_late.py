"""Questions with options, sections VII to X. Options are shuffled when a sheet is made."""

from __future__ import annotations

from app.widgets.quiz.kinds import ChoiceQuestion, Citation

LATE_CHOICES = (
    ChoiceQuestion(
        id="q_paper_beta",
        section="beta",
        text="What β did the DPO paper use?",
        right="tldr_larger",
        options={
            "tldr_larger": "0.5 for TL;DR summarization, 0.1 for dialogue",
            "dialogue_larger": "0.1 for TL;DR summarization, 0.5 for dialogue",
            "one_for_both": "0.1 for both",
            "swept": "For both, the best value of a sweep",
        },
        feedback={
            "tldr_larger": "0.1 is the paper’s default, which dialogue uses; TL;DR is its stated exception.",
            "dialogue_larger": "It is the other way round, though it is often quoted like this.",
            "one_for_both": "0.1 is the default and serves dialogue. For TL;DR the paper names 0.5.",
            "swept": "The sweep over 0.05, 0.1, 1 and 5 was for sentiment. "
            "The authors write that they “did not meaningfully tune” β.",
        },
        sources=(Citation("rafailov2023", "App. B, secs. 6.1 and 6.2"),),
    ),
    ChoiceQuestion(
        id="q_certain",
        section="beta",
        text=(
            "One response beats another in every comparison. "
            "What happens to the gap of their log-ratios as training goes on?"
        ),
        right="ipo_stops",
        options={
            "ipo_stops": "DPO pushes it up without end, IPO stops at 1/(2β)",
            "both_stop": "Both stop at 1/(2β)",
            "beta_stops": "DPO stops as well, if β is large enough",
            "kl_stops": "The KL penalty holds the gap down in both",
        },
        feedback={
            "ipo_stops": "−log σ falls forever as its argument grows, so no finite gap is enough for DPO. "
            "IPO’s square is smallest at the target gap.",
            "both_stop": "Only IPO has a target. DPO’s loss gets smaller with every further increase of the gap.",
            "beta_stops": "A larger β reaches the same margin with a smaller gap, but the loss still has no minimum. "
            "This holds for every β.",
            "kl_stops": "DPO measures and charges no KL. It is regularized only through the pairs, "
            "and a pair always decided the same way takes that hold away.",
        },
        sources=(Citation("azar2023", "secs. 4.2 and 5.2"),),
    ),
    ChoiceQuestion(
        id="q_same_optimum",
        section="dpo-vs-rlhf",
        text="DPO and RLHF start from the same objective. When do they have the same optimum?",
        right="assumptions",
        options={
            "assumptions": "If preferences follow Bradley-Terry, the reference rules nothing out, "
            "and data and optimization are exact",
            "always": "Always: the loss is derived from the objective",
            "same_beta": "Whenever both use the same β",
            "never": "Never: DPO has no KL term",
        },
        feedback={
            "assumptions": "Under these assumptions nothing is lost. In practice data are finite, "
            "and the two methods differ on responses that no pair contains.",
            "always": "The derivation assumes Bradley-Terry preferences and a perfect fit. "
            "Finite data leave the policy free on responses that no pair contains.",
            "same_beta": "Needed, but not enough: for a pair always decided the same way, DPO’s gap and that of "
            "the fitted rewards are infinite at every β.",
            "never": "The KL term is in the closed-form optimum that the DPO loss is made from: "
            "it is why the reference appears in the loss.",
        },
        sources=(Citation("rafailov2023", "sec. 5.1, Theorem 1"), Citation("azar2023", "sec. 4.2")),
    ),
    ChoiceQuestion(
        id="q_dpo_memory",
        section="dpo-vs-rlhf",
        text=(
            "The reference’s log-probabilities of all pairs were stored before training. "
            "How many networks does DPO keep in memory?"
        ),
        right="one",
        options={
            "one": "One: the policy",
            "two": "Two: policy and reference",
            "three": "Three: policy, reference and reward model",
            "four": "Four, as PPO does",
        },
        feedback={
            "one": "The reference is frozen, so its numbers can be computed once. "
            "TRL calls this precompute_ref_log_probs.",
            "two": "That is the usual count without the stored values. With them the reference is not run again.",
            "three": "Plain DPO trains and loads no reward model: policy and reference together define the reward.",
            "four": "The reward model and the value model belong to PPO. DPO computes no advantages "
            "and asks no reward model for scores.",
        },
        sources=(Citation("trl", "DPOConfig"),),
    ),
    ChoiceQuestion(
        id="q_significant",
        section="results",
        text=(
            "On TL;DR, DPO wins 158 of 256 comparisons with human summaries (61.7%) and PPO 146 (57.0%). "
            "What does this difference show?"
        ),
        right="little",
        options={
            "little": "Little by itself: 4.7 points with a standard error of 4.3",
            "higher": "DPO is better, because its win rate is higher",
            "exceeds": "DPO is better, because 4.7 points exceed the standard error of 4.3",
            "no_use": "Nothing: 256 comparisons are too few for any conclusion",
        },
        feedback={
            "little": "That is 1.1 standard errors. The human study is stronger: 58% of 272 judgments for DPO, "
            "2.3 standard errors from even, allowing for two judgments of each comparison.",
            "higher": "A win rate from 256 comparisons is an estimate. "
            "Another 256 posts could well reverse the order.",
            "exceeds": "One standard error is not much: two equally good methods differ by this much or more "
            "in about 28% of such samples.",
            "no_use": "They are too few for a small gap, not for a large one. "
            "At temperature 1.0 it is 99 wins for DPO against 18 for PPO.",
        },
        sources=(
            Citation("rafailov2023", "Fig. 2"),
            Citation(
                "rafailov2023",
                "counts of Fig. 2 recovered from its vector graphics; Table 2, App. D.3",
            ),
        ),
        # The difference of the two win rates in units of its standard error.
        receipt=(
            "(lambda p: (p[0] - p[1]) / (p * (1 - p) / 256).sum().sqrt())"
            "(torch.tensor([158.0, 146.0]) / 256)"
        ),
    ),
    ChoiceQuestion(
        id="q_not_dpo",
        section="bigger-picture",
        text="Which of these models was not trained with DPO?",
        right="starling",
        options={
            "starling": "Starling-7B-alpha",
            "zephyr": "Zephyr-7B",
            "mixtral": "Mixtral 8x7B Instruct",
            "tulu2": "Tulu 2+DPO",
        },
        feedback={
            "starling": "Its model card names a reward model and APA, a reinforcement-learning method.",
            "zephyr": "Zephyr used DPO, on pairs ranked by another model. It started the first wave in October 2023.",
            "mixtral": "Its paper describes SFT followed by DPO on a paired feedback data set.",
            "tulu2": "Tulu 2 is the SFT model alone. Tulu 2+DPO was trained further, with DPO.",
        },
        sources=(
            Citation("starling2023", "model card"),
            Citation("tunstall2023", "abstract"),
            Citation("lambertbook", "ch. 8"),
            Citation("jiang2024", "sec. 4"),
            Citation("ivison2023", "sec. 3.3"),
        ),
    ),
    ChoiceQuestion(
        id="q_no_reward_model",
        section="bigger-picture",
        text="DPO has no separate reward model. What does that mean for over-optimization?",
        right="remains",
        options={
            "remains": "It remains possible: the implicit reward can be wrong too",
            "gone": "It cannot happen: there is no reward model to exploit",
            "beta_guards": "It cannot happen, because β bounds the KL divergence",
            "many_epochs": "It takes many passes over the data",
        },
        feedback={
            "remains": "The implicit reward is fitted to finite data like any other. "
            "Quality degrades at high KL with DPO as well.",
            "gone": "There is one, only not a separate one. The implicit reward is fitted to the pairs, "
            "and where it is wrong the policy follows it.",
            "beta_guards": "β sets no bound. The KL can grow large in DPO, and quality degrades there.",
            "many_epochs": "It often sets in before even one pass over the data is complete.",
        },
        sources=(Citation("rafailov2024scaling", "abstract"),),
    ),
)
