/** The text equivalent of a picture as tables of a page. */
import type { PictureText } from '@snoopscope/sim-core';
import { html, type TemplateResult } from 'lit';

export function tablesOf({ tables }: PictureText): TemplateResult[] {
  return tables.map(
    ({ title, columns, rows }) => html`<table>
      <caption>${title}</caption>
      <thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
    </table>`,
  );
}
