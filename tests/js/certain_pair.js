// What each loss makes of the certain pair at {beta}.
import { train_certain_pair } from "../../static/lab/named/certain_pair.js";
import { answer, asked } from "./answer.js";

answer(train_certain_pair(asked.beta));
