;; Drives Eglot over the scenario in the current buffer, and prints what it got as JSON.
(require 'json)
(require 'eglot)

(defvar snoop-test-wait 60 "Seconds after which something will not come any more.")

(defun snoop-test-until (what condition)
  (let ((end (+ (float-time) snoop-test-wait)))
    (while (not (funcall condition))
      (when (> (float-time) end) (error "no %s" what))
      (accept-process-output nil 0.05))))

(defun snoop-test-errors ()
  (seq-filter (lambda (found) (memq (flymake-diagnostic-type found) '(eglot-error :error))) (flymake-diagnostics)))

(defun snoop-test-goto (line column)
  (goto-char (point-min))
  (forward-line (1- line))
  (forward-char column))

(let ((seen '()))
  (condition-case problem
      (progn
        (setq eglot-sync-connect t eglot-connect-timeout snoop-test-wait)
        (apply #'eglot--connect (eglot--guess-contact))
        (snoop-test-until "connection" (lambda () (eglot-current-server)))
        (unless (bound-and-true-p eglot--managed-mode) (eglot--maybe-activate-editing-mode))
        (snoop-test-until "diagnostics" (lambda () (flymake-start) (snoop-test-errors)))
        (let ((wrong (car (snoop-test-errors))))
          (push (cons 'diagnostic
                      (list (cons 'line (line-number-at-pos (flymake-diagnostic-beg wrong)))
                            (cons 'message (flymake-diagnostic-text wrong))))
                seen)
          (snoop-test-goto 13 3)
          (push (cons 'hover
                      (plist-get (plist-get (jsonrpc-request (eglot--current-server-or-lose) :textDocument/hover
                                                             (eglot--TextDocumentPositionParams))
                                            :contents)
                                 :value))
                seen)
          (snoop-test-goto 13 2)
          (let* ((offer (eglot-completion-at-point))
                 (labels (all-completions "" (nth 2 offer))))
            (push (cons 'completion (vconcat (mapcar #'substring-no-properties labels))) seen))
          (let* ((actions (eglot-code-actions (flymake-diagnostic-beg wrong) (flymake-diagnostic-end wrong) "quickfix"))
                 (action (seq-find (lambda (one) (plist-get one :edit)) (append actions nil))))
            (push (cons 'fix (plist-get action :title)) seen)
            (eglot--apply-workspace-edit (plist-get action :edit)))
          (eglot--signal-textDocument/didChange)
          (snoop-test-until "fixed text" (lambda () (flymake-start) (accept-process-output nil 0.1) (null (snoop-test-errors))))
          (eglot-format-buffer)
          (push (cons 'text (buffer-substring-no-properties (point-min) (point-max))) seen)
          (push (cons 'mode (symbol-name major-mode)) seen)))
    (error (push (cons 'problem (error-message-string problem)) seen)))
  (princ (concat "\n" (json-encode seen) "\n"))
  (set-buffer-modified-p nil)
  (kill-emacs 0))
