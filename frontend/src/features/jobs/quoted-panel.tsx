import { t } from '../../i18n';
import type { Quoted } from './result';

/** What a language agent delivered: each statement with the words of the document that carry it. */
export function QuotedPanel({ quoted }: { quoted: Quoted }) {
  const { question, label, statements, missing, text } = quoted;
  return (
    <div className="card grid gap-4 p-4" data-quoted>
      <h3 className="text-small font-semibold">{question || t('result.quoted')}</h3>
      {label && <p className="font-medium">{t('result.quoted.label', { label })}</p>}
      {text && <p className="whitespace-pre-wrap">{text}</p>}
      {statements.length === 0 && !text ? (
        <p className="text-small text-muted">{t('result.quoted.none')}</p>
      ) : (
        <ol className="grid gap-4">
          {statements.map((statement, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a delivered list never changes its order
            <li key={index} className="grid gap-1.5">
              <p>
                {statement.field && <span className="text-muted">{statement.field}: </span>}
                {statement.text}
              </p>
              {statement.citations.map((cited, place) => (
                <blockquote
                  // biome-ignore lint/suspicious/noArrayIndexKey: a delivered list never changes its order
                  key={place}
                  className="border-l-2 border-line-strong pl-3 text-small text-muted"
                >
                  “{cited.quote}” · {t('result.quoted.page', { page: cited.page })}
                </blockquote>
              ))}
            </li>
          ))}
        </ol>
      )}
      {missing.length > 0 && (
        <p className="text-small text-muted">{t('result.quoted.missing', { fields: missing.join(', ') })}</p>
      )}
    </div>
  );
}
