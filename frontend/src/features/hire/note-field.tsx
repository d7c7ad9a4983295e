import { useId } from 'react';
import { t } from '../../i18n';
import { NOTE_MAX } from './request';

/** What the client wants to say besides; public like everything of a request. */
export function NoteField({
  note,
  onNote,
  isLocked,
}: {
  note: string;
  onNote: (note: string) => void;
  isLocked: boolean;
}) {
  const noteId = useId();
  return (
    <div className="grid gap-1.5">
      <label htmlFor={noteId} className="font-medium">
        {t('hire.note')} <span className="font-normal text-muted">{t('common.optional')}</span>
      </label>
      <textarea
        id={noteId}
        value={note}
        maxLength={NOTE_MAX}
        rows={3}
        disabled={isLocked}
        onChange={(event) => onNote(event.target.value)}
        className="control w-full resize-y py-2"
      />
      <p className="text-small text-muted">{t('hire.note.public')}</p>
    </div>
  );
}
