// Losses and slopes of pairs with the log-ratios {chosen} and {rejected}, under each of {losses}, given by their fields.
import { LossOfRatios } from "../../static/lab/named/log_ratios.js";
import { apply } from "../../static/lab/python.js";
import { answer, asked } from "./answer.js";

const { chosen, rejected, losses } = asked;
answer(losses.map((fields) => apply(LossOfRatios, [], Object.entries(fields)).losses_and_slopes(chosen, rejected)));
