/**
 * The rows as the model sees them: what teaches is coloured and underlined, what is only read is grey, special tokens
 * are boxed and line ends visible. Text nodes only, whatever the rows contain.
 */
import { rowView } from "@/ui/state/check";
import { percent, plural } from "@/ui/state/format";
import type { DatasetInfo, TokenSpan } from "@/worker/api/data";

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
          {rowView.value && <span class="token cut">cut off</span>}
        </p>
      </figcaption>
      <ol class="mask-rows">
        {(rowView.value ? [] : info.preview).slice(0, ROWS).map((row, index) => (
          <li key={`row-${index + 1}`}>
            <Tokens spans={row} />
          </li>
        ))}
      </ol>
    </figure>
  );
}

export function Tokens({ spans }: { spans: readonly TokenSpan[] }) {
  const cliff = spans.findIndex(({ cut }) => cut === true);
  return (
    <>
      {spans.map((span, at) => (
        <>
          {at === cliff && <span class="cliff">cut here</span>}
          <Token key={at} span={span} />
        </>
      ))}
    </>
  );
}

function Token({ span }: { span: TokenSpan }) {
  const kind = `token${span.trained ? " trained" : ""}${span.special ? " special" : ""}${span.cut ? " cut" : ""}${span.end ? " end" : ""}`;
  const lines = span.text.split("\n");
  return (
    <span class={kind} title={span.end ? "ends the answer" : undefined}>
      {lines.map((line, index) => (
        <>
          {index > 0 && <span class="line-end">↵{"\n"}</span>}
          {line}
        </>
      ))}
    </span>
  );
}
