/** A short list of named numbers, as terms and descriptions. */
export function Facts({ items }: { items: readonly (readonly [term: string, value: string])[] }) {
  return (
    <dl class="facts">
      {items.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
