// What Bradley-Terry makes of the rewards {chosen} and {rejected}.
import { reward_gaps } from "../../static/lab/named/preferences.js";
import { answer, asked } from "./answer.js";

answer(reward_gaps(asked.chosen, asked.rejected));
