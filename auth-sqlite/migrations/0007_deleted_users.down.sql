-- The older program would bring an account back, were it shown once more the code that had made it.
DELETE FROM codes WHERE kind = 'register'
    AND json_extract(record, '$.purpose.user') IN (SELECT lower(hex(id)) FROM deleted_users);
DROP TABLE deleted_users;
