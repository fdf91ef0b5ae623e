/**
 * The rows as the model sees them: what teaches is coloured and underlined, what is only read is grey, special tokens
 * are boxed and line ends visible. Text nodes only, whatever the rows contain.
 */
import { percent, plural } from "@/ui/state/format";
import type { DatasetInfo, TokenSpan } from "@/worker/api";

const ROWS = 4;

export function MaskView({ info }: { info: DatasetInfo }) {
  const share = info.trainTokens > 0 ? info.trainedTokens / info.trainTokens : 0;
  return (
    <figure class="mask">
      <figcaption>
        <p>
          <strong>Tokens that teach: {percent(share)}</strong>{" "}
          <span class="soft">of {plural(info.trainTokens, "token")}. The model learns to write only these.</span>
        </p>
        <p class="legend">
          <span class="token trained">teaches</span>
          <span class="token">only read</span>
          <span class="token special">special</span>
        </p>
      </figcaption>
      <ol class="mask-rows">
        {info.preview.slice(0, ROWS).map((row, index) => (
          <li key={`row-${index + 1}`}>
            {row.map((span, at) => (
              <Token key={`${index}.${at}`} span={span} />
            ))}
          </li>
        ))}
      </ol>
    </figure>
  );
}

function Token({ span }: { span: TokenSpan }) {
  const kind = `token${span.trained ? " trained" : ""}${span.special ? " special" : ""}`;
  const lines = span.text.split("\n");
  return (
    <span class={kind}>
      {lines.map((line, index) => (
        <>
          {index > 0 && <span class="line-end">↵{"\n"}</span>}
          {line}
        </>
      ))}
    </span>
  );
}
