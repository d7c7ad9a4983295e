import { FileText } from 'lucide-react';
import { useId, useState } from 'react';
import { t } from '../../i18n';
import { formatBytes } from '../../lib/format';
import { Notice } from '../../ui/states';
import { DOCUMENTS_ACCEPTED, type Document, type DocumentFault, readDocument } from './document';
import { DropField } from './drop-field';
import type { Choice } from './kinds';
import { NoteField } from './note-field';
import { MAX_BYTES } from './picture';

/** Step 1 of a service that reads: the document, what is asked of it, and a note. */
export default function DocumentStep({
  inputId,
  document,
  choice,
  told,
  note,
  onDocument,
  onTold,
  onNote,
  isLocked,
}: {
  inputId: string;
  document: Document | undefined;
  choice: Choice;
  told: string;
  note: string;
  onDocument: (document: Document | undefined) => void;
  onTold: (text: string) => void;
  onNote: (note: string) => void;
  isLocked: boolean;
}) {
  const [fault, setFault] = useState<DocumentFault>();
  const toldId = useId();
  const hintId = useId();
  const faultId = useId();
  const isUsable = told === '' || choice.read(told) !== undefined;

  const take = async (file: File) => {
    const read = await readDocument(file);
    setFault(typeof read === 'string' ? read : undefined);
    onDocument(typeof read === 'string' ? undefined : read);
  };
  const shared = {
    id: toldId,
    value: told,
    disabled: isLocked,
    'aria-describedby': hintId,
    'aria-invalid': isUsable ? undefined : true,
    className: 'control w-full py-2',
  } as const;

  return (
    <div className="grid gap-4">
      <DropField
        id={inputId}
        accept={DOCUMENTS_ACCEPTED}
        faultId={fault ? faultId : undefined}
        isLocked={isLocked}
        onFile={(file) => void take(file)}
      >
        <span className="grid justify-items-center gap-1 px-6 py-8 text-center">
          <FileText aria-hidden className="mb-1 size-7 text-muted" />
          <span className="font-medium">{document ? document.file.name : t('hire.document.choose')}</span>
          <span className="text-small text-muted">
            {document
              ? `${formatBytes(document.file.size)} · ${t('hire.picture.other')}`
              : t('hire.document.limits', { size: formatBytes(MAX_BYTES) })}
          </span>
        </span>
      </DropField>
      {fault && (
        <div id={faultId}>
          <Notice tone="bad" role="alert" title={t(`hire.fault.${fault}`)}>
            {fault === 'notADocument'
              ? t('hire.fault.notADocument.mend')
              : t('hire.document.limits', { size: formatBytes(MAX_BYTES) })}
          </Notice>
        </div>
      )}
      <div className="grid gap-1.5">
        <label htmlFor={toldId} className="font-medium">
          {t(choice.label)}
        </label>
        {choice.shape === 'lines' ? (
          <textarea {...shared} rows={4} onChange={(event) => onTold(event.target.value)} />
        ) : (
          <input
            {...shared}
            type={choice.shape === 'number' ? 'number' : 'text'}
            min={1}
            max={8}
            maxLength={500}
            onChange={(event) => onTold(event.target.value)}
          />
        )}
        <p id={hintId} className={isUsable ? 'text-small text-muted' : 'text-small text-bad'}>
          {t(choice.hint)}
        </p>
      </div>
      <NoteField note={note} onNote={onNote} isLocked={isLocked} />
    </div>
  );
}
