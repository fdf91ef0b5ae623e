/** Judges of data: rows of every type as TRL prepares them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CPU, fixture } from "./common.mjs";

/** Ids and labels of rows of every dataset type, under four chat templates, as TRL's own trainers prepare them. */
export const dataCheck = {
  name: "data of every type, as TRL prepares it",
  run: async ({ burnish, judge, run, python, file, path }) => {
    const folder = path("data");
    const script = join("e2e", "oracle", "check_data.py");
    await run(python, [script, "--make", folder, "--model", fixture("llama-gqa")]);
    for (const { name, model, method, loss, maxLength } of JSON.parse(
      readFileSync(join(folder, "cases.json"), "utf8"),
    )) {
      const subject = ["--model", join(folder, model), "--data", join(folder, `${name}.jsonl`)];
      const how = ["--method", method, "--loss", loss, "--max-length", String(maxLength)];
      file(join("data", `${name}.ours.jsonl`), await burnish("tokens", ...subject, ...how, ...CPU));
    }
    return judge("check_data.py", "--compare", folder);
  },
};
