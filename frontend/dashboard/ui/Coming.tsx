// Stands where rows will be, so that nothing jumps when they come.
import "./parts.css";

export function RowsToCome({ count = 5 }: { count?: number }) {
  return (
    <div className="rows-to-come" role="status" aria-label="Reading">
      {Array.from({ length: count }, (_, index) => (
        <div key={index}>
          <span className="coming" />
          <span className="coming short" />
        </div>
      ))}
    </div>
  );
}
