import { ImageUp } from 'lucide-react';
import { useEffect, useId, useState } from 'react';
import { t } from '../../i18n';
import { formatBytes, formatNumber } from '../../lib/format';
import { Button } from '../../ui/button';
import { Notice } from '../../ui/states';
import { DropField } from './drop-field';
import { NoteField } from './note-field';
import { ACCEPTED, MAX_BYTES, type Picture, type PictureFault, readPicture } from './picture';

/** The file field's id, by which the last step sends a person back who has chosen nothing yet. */
export const FILE_INPUT = 'hire-file';

/** Step 1: the picture, looked at on this machine only, and a note. */
export function PictureStep({
  picture,
  note,
  onPicture,
  onNote,
  isLocked,
}: {
  picture: Picture | undefined;
  note: string;
  onPicture: (picture: Picture | undefined) => void;
  onNote: (note: string) => void;
  isLocked: boolean;
}) {
  const [fault, setFault] = useState<PictureFault>();
  const [isReading, setReading] = useState(false);
  const faultId = useId();

  useEffect(() => {
    if (!picture) return;
    return () => URL.revokeObjectURL(picture.url);
  }, [picture]);

  const take = async (file: File) => {
    setReading(true);
    setFault(undefined);
    const read = await readPicture(file);
    setReading(false);
    if (typeof read === 'string') {
      setFault(read);
      onPicture(undefined);
    } else onPicture(read);
  };

  return (
    <div className="grid gap-4">
      <DropField
        id={FILE_INPUT}
        accept={ACCEPTED}
        faultId={fault ? faultId : undefined}
        isLocked={isLocked}
        onFile={(file) => void take(file)}
      >
        {picture ? (
          <span className="flex flex-wrap items-center gap-4 p-3">
            <img
              src={picture.url}
              alt={t('hire.picture.preview')}
              width={picture.width}
              height={picture.height}
              className="max-h-72 w-auto max-w-full rounded-control bg-raised object-contain sm:max-w-[60%]"
            />
            <span className="grid min-w-0 gap-1 text-small">
              <span className="font-medium">{picture.file.name}</span>
              <span className="text-muted">
                {t('hire.picture.facts', {
                  width: formatNumber(picture.width),
                  height: formatNumber(picture.height),
                  size: formatBytes(picture.file.size),
                })}
              </span>
              <span className="link mt-1">{t('hire.picture.other')}</span>
            </span>
          </span>
        ) : (
          <span className="grid justify-items-center gap-1 px-6 py-10 text-center">
            <ImageUp aria-hidden className="mb-1 size-7 text-muted" />
            <span className="font-medium">
              {isReading ? t('hire.picture.reading') : t('hire.picture.choose')}
            </span>
            <span className="text-small text-muted">
              {t('hire.picture.limits', { size: formatBytes(MAX_BYTES) })}
            </span>
          </span>
        )}
      </DropField>
      {fault && (
        <div id={faultId}>
          <Notice tone="bad" role="alert" title={t(`hire.fault.${fault}`)}>
            {t(`hire.fault.${fault}.mend`, { size: formatBytes(MAX_BYTES) })}
          </Notice>
        </div>
      )}
      {picture && !isLocked && (
        <div>
          <Button variant="quiet" size="small" onClick={() => onPicture(undefined)}>
            {t('hire.picture.remove')}
          </Button>
        </div>
      )}
      <NoteField note={note} onNote={onNote} isLocked={isLocked} />
    </div>
  );
}
