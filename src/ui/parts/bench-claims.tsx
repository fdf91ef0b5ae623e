/** What is asked of the engine, beside what this run found; what falls short says why. */
import { claimsOf } from "@/bench/claims";
import type { BenchReport } from "@/bench/report";
import { BenchTable } from "@/ui/parts/bench-table";

export function BenchClaims({ report }: { report: BenchReport }) {
  const claims = claimsOf(report);
  if (claims.length === 0) return null;
  return (
    <section class="card" aria-labelledby="bench-claims" data-testid="bench-claims">
      <h2 id="bench-claims">What is asked of it</h2>
      <p class="soft">How close to a device's limits the engine is meant to come, and how close it came here.</p>
      <BenchTable label="Claims in numbers" heads={["Claim", "Asked", "Found", "Holds"]} look="claims">
        {claims.map(({ what, asked, found, holds, why }) => (
          <tr key={what}>
            <th scope="row">
              {what}
              {why && <span class="soft">{why}</span>}
            </th>
            <td>{asked}</td>
            <td>{found}</td>
            <td>{holds ? "Yes" : <strong>No</strong>}</td>
          </tr>
        ))}
      </BenchTable>
    </section>
  );
}
